package main

import (
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func semaPingPong() (float64, result) {
	there, back := make(chan bool, 1), make(chan bool, 1)
	go func() {
		for <-there {
			back <- true
		}
	}()
	defer func() { there <- false }()
	return repeat(100, func(count int) {
		for i := 0; i < count; i++ {
			there <- true
			<-back
		}
	})
}

func condPingPong() (float64, result) {
	const asker, partner, end = 0, 1, 2
	var mutex sync.Mutex
	there, back, turn := sync.NewCond(&mutex), sync.NewCond(&mutex), asker
	go func() {
		mutex.Lock()
		defer mutex.Unlock()
		for {
			for turn == asker {
				there.Wait()
			}
			if turn == end {
				return
			}
			turn = asker
			back.Signal()
		}
	}()
	mutex.Lock()
	defer mutex.Unlock()
	ns, counters := repeat(100, func(count int) {
		for i := 0; i < count; i++ {
			turn = partner
			there.Signal()
			for turn != asker {
				back.Wait()
			}
		}
	})
	turn = end
	there.Signal()
	return ns, counters
}

func idleProcess() (float64, result) {
	for i := 0; i < 100; i++ {
		go func() { select {} }()
	}
	time.Sleep(measured())
	startCPU, before, start := cpu(), usage(), time.Now()
	time.Sleep(12 * measured())
	passed, after := time.Since(start), usage()
	switches := after.Nvcsw - before.Nvcsw + after.Nivcsw - before.Nivcsw
	return float64(passed), result{
		"cpu_percent":    100 * float64(cpu()-startCPU) / float64(passed),
		"switches_per_s": float64(switches) / passed.Seconds()}
}

func mutexAlone() (float64, result) {
	go func() { select {} }()
	var mutex sync.Mutex
	value := 0
	return repeat(1000, func(count int) {
		for i := 0; i < count; i++ {
			mutex.Lock()
			value++
			mutex.Unlock()
		}
	})
}

// What a contest is about: enter tells whether the caller is alone inside.
type way interface {
	enter(turn uint64) bool
	leave(alone bool)
}

type byMutex struct{ mutex sync.Mutex }

func (w *byMutex) enter(uint64) bool { w.mutex.Lock(); return true }
func (w *byMutex) leave(bool)        { w.mutex.Unlock() }

type bySema struct{ tokens chan struct{} }

func (w *bySema) enter(uint64) bool { <-w.tokens; return true }
func (w *bySema) leave(bool)        { w.tokens <- struct{}{} }

func oneToken() *bySema {
	w := &bySema{make(chan struct{}, 1)}
	w.leave(true)
	return w
}

type byRWMutex struct{ lock sync.RWMutex }

func (w *byRWMutex) enter(turn uint64) bool {
	if turn%8 != 0 {
		w.lock.RLock()
		return false
	}
	w.lock.Lock()
	return true
}

func (w *byRWMutex) leave(alone bool) {
	if alone {
		w.lock.Unlock()
	} else {
		w.lock.RUnlock()
	}
}

//go:noinline
func increment(value *uint64) {
	for i := 0; i < 20; i++ {
		atomic.StoreUint64(value, atomic.LoadUint64(value)+1)
	}
}

func compete(w way, count int, yields bool) (float64, result) {
	var shared, exclusive uint64
	counts := make([]counter, count)
	longest := make([]time.Duration, count)
	gate := make(chan struct{})
	var all sync.WaitGroup
	all.Add(count)
	startCPU, start := cpu(), time.Now()
	for i := 0; i < count; i++ {
		go func(i int) {
			defer all.Done()
			<-gate
			own := uint64(0)
			now := time.Now()
			for now.Sub(start) < measured() {
				alone := w.enter(uint64(counts[i].n))
				then := now
				now = time.Now()
				if waited := now.Sub(then); waited > longest[i] {
					longest[i] = waited
				}
				if alone {
					increment(&shared)
					exclusive++
				}
				if yields && counts[i].n%8 == 0 {
					runtime.Gosched()
				}
				w.leave(alone)
				counts[i].n++
				increment(&own)
				now = time.Now()
			}
		}(i)
	}
	start = time.Now()
	close(gate)
	all.Wait()
	passed := time.Since(start)
	counters := spread(counts)
	total := int(counters["total"].(uint64))
	if shared != exclusive*20 {
		fail("two threads were in the critical section")
	}
	most := time.Duration(0)
	for _, wait := range longest {
		if wait > most {
			most = wait
		}
	}
	counters["cpu_ns"] = per(cpu()-startCPU, total)
	counters["longest_ms"] = most.Seconds() * 1e3
	return per(passed, total), counters
}

func sleepers() (float64, result) {
	const count = 1000
	counts := make([]counter, count)
	var all sync.WaitGroup
	all.Add(count)
	startCPU, start := cpu(), time.Now()
	for i := 0; i < count; i++ {
		go func(i int) {
			defer all.Done()
			for time.Since(start) < measured() {
				time.Sleep(time.Millisecond)
				counts[i].n++
			}
		}(i)
	}
	all.Wait()
	passed := time.Since(start)
	total := int(spread(counts)["total"].(uint64))
	return per(passed, total), result{
		"wakeups_per_s": float64(total) / passed.Seconds(), "cpu_ns": per(cpu()-startCPU, total)}
}

func streams() (net.Conn, net.Conn) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		fail(err)
	}
	var both [2]net.Conn
	for i, end := range ends {
		file := os.NewFile(uintptr(end), "socketpair")
		if both[i], err = net.FileConn(file); err != nil {
			fail(err)
		}
		file.Close()
	}
	return both[0], both[1]
}

func echo(count int) (float64, result) {
	limit := syscall.Rlimit{}
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			fail(err)
		}
	}
	counts := make([]counter, count)
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Add(2 * count)
	startCPU, start := cpu(), time.Now()
	for i := 0; i < count; i++ {
		client, server := streams()
		go func() {
			defer all.Done()
			defer server.Close()
			var message [8]byte
			for {
				if n, _ := server.Read(message[:]); n != len(message) {
					return
				}
				if _, err := server.Write(message[:]); err != nil {
					fail(err)
				}
			}
		}()
		go func(i int) {
			defer all.Done()
			defer client.Close()
			var message [8]byte
			for !stop.Load() {
				if _, err := client.Write(message[:]); err != nil {
					fail(err)
				}
				if n, err := client.Read(message[:]); n != len(message) {
					fail(err)
				}
				counts[i].n++
				if i == 0 && counts[i].n%16 == 0 && time.Since(start) >= measured() {
					stop.Store(true)
				}
			}
		}(i)
	}
	all.Wait()
	passed := time.Since(start)
	total := int(spread(counts)["total"].(uint64))
	return per(passed, total), result{
		"trips_per_s": float64(total) / passed.Seconds(), "cpu_ns": per(cpu()-startCPU, total)}
}
