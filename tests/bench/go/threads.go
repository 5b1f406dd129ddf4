package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A cache line each.
type counter struct {
	n uint64
	_ [56]byte
}

func spread(counts []counter) result {
	total, least, most := uint64(0), ^uint64(0), uint64(0)
	for i := range counts {
		n := counts[i].n
		total += n
		if n < least {
			least = n
		}
		if n > most {
			most = n
		}
	}
	mean := float64(total) / float64(len(counts))
	return result{"total": total, "least_of_mean": float64(least) / mean, "most_of_mean": float64(most) / mean}
}

func yieldRing(count int) (float64, result) {
	counts := make([]counter, count)
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Add(count)
	gate := make(chan struct{})
	startCPU, start := cpu(), time.Now()
	var passed time.Duration
	for i := 0; i < count; i++ {
		go func(i int) {
			defer all.Done()
			<-gate
			for !stop.Load() {
				runtime.Gosched()
				counts[i].n++
				if i == 0 && counts[i].n%16 == 0 && time.Since(start) >= measured() {
					passed = time.Since(start)
					stop.Store(true)
				}
			}
		}(i)
	}
	start = time.Now()
	close(gate)
	all.Wait()
	counters := spread(counts)
	total := int(counters["total"].(uint64))
	counters["cpu_ns"] = per(cpu()-startCPU, total)
	return per(passed, total), counters
}

func rawBlock() (float64, result) {
	const before, blocked = 100 * time.Millisecond, 200 * time.Millisecond
	var done atomic.Uint64
	var stop atomic.Bool
	for i := 0; i < 4; i++ {
		go func() {
			for !stop.Load() {
				done.Add(1)
				runtime.Gosched()
			}
		}()
	}
	atStart, start := done.Load(), time.Now()
	for time.Since(start) < before {
		runtime.Gosched()
	}
	atBlock, block := done.Load(), time.Now()
	rateBefore := float64(atBlock-atStart) / float64(block.Sub(start))
	if _, _, errno := syscall.Syscall(syscall.SYS_POLL, 0, 0, uintptr(blocked/time.Millisecond)); errno != 0 {
		fail(errno)
	}
	steps, passed := done.Load()-atBlock, time.Since(block)
	stop.Store(true)
	rate := float64(steps) / float64(passed)
	return 1 / rate, result{"progress": rate / rateBefore}
}

func spawn(all *sync.WaitGroup) {
	all.Add(1)
	go all.Done()
}

func createAndJoin() (float64, result) {
	return repeat(100, func(count int) {
		for i := 0; i < count; i++ {
			ended := make(chan struct{})
			go close(ended)
			<-ended
		}
	})
}

func createBatch() (float64, result) {
	return repeat(1000, func(count int) {
		var all sync.WaitGroup
		for i := 0; i < count; i++ {
			spawn(&all)
		}
		all.Wait()
	})
}

// statusBytes reads a line such as "VmRSS: 1234 kB" of /proc/self/status.
func statusBytes(name string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	_, rest, found := strings.Cut(string(text), name+":")
	if !found {
		fail("no " + name)
	}
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		fail(err)
	}
	return float64(kib) * 1024
}

func residentBytes() float64 { return statusBytes("VmRSS") }

func peakBytes() float64 { return statusBytes("VmHWM") }

func createMass(count int) (float64, result) {
	before, startCPU, start := peakBytes(), cpu(), time.Now()
	var all sync.WaitGroup
	for i := 0; i < count; i++ {
		spawn(&all)
	}
	all.Wait()
	passed := time.Since(start)
	return per(passed, count), result{
		"cpu_ns": per(cpu()-startCPU, count), "bytes": (peakBytes() - before) / float64(count)}
}

func parkMany(count int) (float64, result) {
	wake := make([]chan struct{}, count)
	for i := range wake {
		wake[i] = make(chan struct{}, 1)
	}
	var arrived atomic.Int64
	var all sync.WaitGroup
	all.Add(count)
	before, startCPU, start := residentBytes(), cpu(), time.Now()
	for i := range wake {
		go func(c chan struct{}) {
			arrived.Add(1)
			<-c
			all.Done()
		}(wake[i])
		if i%256 == 255 {
			runtime.Gosched()
		}
	}
	for arrived.Load() < int64(count) {
		runtime.Gosched()
	}
	full, fullCPU := time.Now(), cpu()
	bytes := residentBytes() - before
	woken, wokenCPU := time.Now(), cpu()
	for _, c := range wake {
		c <- struct{}{}
	}
	all.Wait()
	return per(time.Since(woken), count), result{
		"cpu_ns": per(cpu()-wokenCPU, count), "bytes": bytes / float64(count),
		"create_ns": per(full.Sub(start), count), "create_cpu_ns": per(fullCPU-startCPU, count)}
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	larger := make(chan int, 1)
	go func() { larger <- fib(n - 1) }()
	smaller := fib(n - 2)
	return <-larger + smaller
}

func fibOf(n int) int {
	current, next := 0, 1
	for ; n > 0; n-- {
		current, next = next, current+next
	}
	return current
}

func forkJoin(n int) (float64, result) {
	spawns := fibOf(n+1) - 1
	startCPU, start := cpu(), time.Now()
	if fib(n) != fibOf(n) {
		fail("the sum is wrong")
	}
	return per(time.Since(start), spawns), result{
		"cpu_ns": per(cpu()-startCPU, spawns), "peak_mb": peakBytes() / 1e6}
}
