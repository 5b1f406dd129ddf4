// Where wait.S finds what lt::arch::Watched holds. Included by wait.S and, for the static_asserts,
// by arch/wait.h.
#pragma once
#define WATCHED_WORD 0x00
#define WATCHED_VALUE 0x08
#define WATCHED_SIZE 0x10
