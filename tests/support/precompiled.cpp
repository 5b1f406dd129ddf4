// A source for the object library that precompiled.h is compiled for.
