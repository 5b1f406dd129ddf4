// The benchmarks' workloads in Go, a peer. Prints what Google Benchmark prints as JSON, as far as
// run.py reads it: gobench --benchmark_filter=REGEX, with BENCH_MS and BENCH_LWPS as for the others.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

type result map[string]any

type benchmark struct {
	name string
	run  func() (nsPerOperation float64, counters result)
}

func numberFrom(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func measured() time.Duration {
	return time.Duration(numberFrom("BENCH_MS", 250)) * time.Millisecond
}

func usage() syscall.Rusage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	return u
}

// Of the whole process.
func cpu() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fail(what any) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}

func per(total time.Duration, count int) float64 {
	return float64(total) / float64(count)
}

// repeat runs step(batch), which does that many operations, until the time is over.
func repeat(batch int, step func(count int)) (float64, result) {
	step(batch) // warms up
	startCPU, start := cpu(), time.Now()
	count := 0
	for time.Since(start) < measured() {
		step(batch)
		count += batch
	}
	passed := time.Since(start)
	return per(passed, count), result{"cpu_ns": per(cpu()-startCPU, count)}
}

func main() {
	filter := flag.String("benchmark_filter", ".", "which to run")
	flag.String("benchmark_format", "json", "only json")
	flag.String("benchmark_min_time", "", "see BENCH_MS")
	flag.Parse()
	wanted, err := regexp.Compile(*filter)
	if err != nil {
		fail(err)
	}
	runtime.GOMAXPROCS(numberFrom("BENCH_LWPS", 1))
	debug.SetGCPercent(400)
	results := []result{}
	for _, b := range benchmarks() {
		if !wanted.MatchString(b.name) {
			continue
		}
		ns, counters := b.run()
		fields := result{"name": b.name, "real_time": ns, "cpu_time": ns}
		for key, value := range counters {
			fields[key] = value
		}
		results = append(results, fields)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result{"benchmarks": results}); err != nil {
		fail(err)
	}
}

func benchmarks() []benchmark {
	return []benchmark{
		{"yield/2", func() (float64, result) { return yieldRing(2) }},
		{"yield/1000", func() (float64, result) { return yieldRing(1000) }},
		{"rawblock", rawBlock},
		{"create", createAndJoin},
		{"batch/1000", createBatch},
		{"mass/1000", func() (float64, result) { return createMass(1000) }},
		{"mass/100000", func() (float64, result) { return createMass(100_000) }},
		{"park/1000", func() (float64, result) { return parkMany(1000) }},
		{"park/100000", func() (float64, result) { return parkMany(100_000) }},
		{"park/1000000", func() (float64, result) { return parkMany(1_000_000) }},
		{"fib/12", func() (float64, result) { return forkJoin(12) }},
		{"fib/20", func() (float64, result) { return forkJoin(20) }},
		{"fib/25", func() (float64, result) { return forkJoin(25) }},
		{"fib/30", func() (float64, result) { return forkJoin(30) }},
		{"sempp", semaPingPong},
		{"condpp", condPingPong},
		{"idle/100", idleProcess},
		{"mutex1", mutexAlone},
		{"mutexc/2", func() (float64, result) { return compete(&byMutex{}, 2, false) }},
		{"mutexc/64", func() (float64, result) { return compete(&byMutex{}, 64, false) }},
		{"mutexy/8", func() (float64, result) { return compete(&byMutex{}, 8, true) }},
		{"semac/64", func() (float64, result) { return compete(oneToken(), 64, false) }},
		{"rwc/64", func() (float64, result) { return compete(&byRWMutex{}, 64, false) }},
		{"sleep/1000", sleepers},
		{"echo/20", func() (float64, result) { return echo(20) }},
		{"echo/500", func() (float64, result) { return echo(500) }},
	}
}
