// What tests/bench/compare_sync measures weft's fibers, channels and locks against: the same work,
// written as one writes it in Go, under the names of weft_bench.
//
//	go_sync NAME/PROCESSORS[/CAPACITY] SECONDS
//
// prints the nanoseconds of one operation. Without arguments it lists the names.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// One benchmark: what b.N counts, and how many operations one of them is.
type program struct {
	operations int
	run        func(b *testing.B, capacity int)
}

const million = 1000 * 1000

func yieldBetweenTwo(b *testing.B, _ int) {
	done := false
	var ended sync.WaitGroup
	ended.Add(1)
	go func() {
		for !done {
			runtime.Gosched()
		}
		ended.Done()
	}()
	for i := 0; i < b.N; i++ {
		runtime.Gosched()
	}
	done = true
	ended.Wait()
}

func spawnAndJoin(b *testing.B, _ int) {
	for i := 0; i < b.N; i++ {
		ended := make(chan struct{})
		go func() { close(ended) }()
		<-ended
	}
}

func spawnAMillionThenJoin(b *testing.B, _ int) {
	for i := 0; i < b.N; i++ {
		var all sync.WaitGroup
		all.Add(million)
		for n := 0; n < million; n++ {
			go all.Done()
		}
		all.Wait()
	}
}

func waitGroupOfAHundred(b *testing.B, _ int) {
	for i := 0; i < b.N; i++ {
		var all sync.WaitGroup
		all.Add(100)
		for n := 0; n < 100; n++ {
			go all.Done()
		}
		all.Wait()
	}
}

func channelOneToOne(b *testing.B, capacity int) {
	numbers := make(chan int, capacity)
	go func() {
		for n := 0; n < b.N; n++ {
			numbers <- n
		}
	}()
	for i := 0; i < b.N; i++ {
		<-numbers
	}
}

func channelManyToMany(b *testing.B, capacity int) {
	numbers := make(chan int, capacity)
	var senders, receivers sync.WaitGroup
	senders.Add(4)
	receivers.Add(4)
	for s := 0; s < 4; s++ {
		share := (b.N + s) / 4
		go func() {
			for n := 0; n < share; n++ {
				numbers <- n
			}
			senders.Done()
		}()
		go func() {
			for range numbers {
			}
			receivers.Done()
		}()
	}
	senders.Wait()
	close(numbers)
	receivers.Wait()
}

func channelUncontended(b *testing.B, _ int) {
	numbers := make(chan int, 1)
	for i := 0; i < b.N; i++ {
		numbers <- 1
		<-numbers
	}
}

func selectReady(b *testing.B, _ int) {
	ready := make(chan int, 1)
	never := make(chan int, 1)
	for i := 0; i < b.N; i++ {
		ready <- 1
		select {
		case <-never:
		case <-ready:
		}
	}
}

// Each sender has enough for all; what is left over is not timed.
func selectTwoWaiting(b *testing.B, _ int) {
	one := make(chan int)
	two := make(chan int)
	for _, to := range []chan int{one, two} {
		to := to
		go func() {
			for n := 0; n < b.N; n++ {
				to <- n
			}
		}()
	}
	receive := func() {
		for i := 0; i < b.N; i++ {
			select {
			case <-one:
			case <-two:
			}
		}
	}
	receive()
	b.StopTimer()
	receive()
}

func mutex(b *testing.B, _ int) {
	var m sync.Mutex
	for i := 0; i < b.N; i++ {
		m.Lock()
		m.Unlock()
	}
}

func mutexEight(b *testing.B, _ int) {
	var m sync.Mutex
	var all sync.WaitGroup
	count := 0
	all.Add(8)
	for f := 0; f < 8; f++ {
		share := (b.N + f) / 8
		go func() {
			for i := 0; i < share; i++ {
				m.Lock()
				count++
				m.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
}

var programs = map[string]program{
	"yield_between_two":         {2, yieldBetweenTwo},
	"spawn_and_join":            {1, spawnAndJoin},
	"spawn_a_million_then_join": {million, spawnAMillionThenJoin},
	"wait_group_of_a_hundred":   {100, waitGroupOfAHundred},
	"channel_one_to_one":        {1, channelOneToOne},
	"channel_many_to_many":      {1, channelManyToMany},
	"channel_uncontended":       {1, channelUncontended},
	"select_ready":              {1, selectReady},
	"select_two_waiting":        {1, selectTwoWaiting},
	"mutex":                     {1, mutex},
	"mutex_eight_fibers":        {1, mutexEight},
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "go_sync: "+text)
	os.Exit(1)
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		fail(text + ": not a number")
	}
	return n
}

func main() {
	testing.Init()
	flag.Parse()
	if flag.NArg() != 2 {
		var names []string
		for name := range programs {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Println(strings.Join(names, "\n"))
		return
	}
	parts := strings.Split(flag.Arg(0), "/")
	chosen, known := programs[parts[0]]
	if !known || len(parts) < 2 {
		fail(flag.Arg(0) + ": expected NAME/PROCESSORS[/CAPACITY]; without arguments this lists the names")
	}
	capacity := 0
	if len(parts) > 2 {
		capacity = number(parts[2])
	}
	runtime.GOMAXPROCS(number(parts[1]))
	if err := flag.Set("test.benchtime", flag.Arg(1)+"s"); err != nil {
		fail(err.Error())
	}
	measured := testing.Benchmark(func(b *testing.B) { chosen.run(b, capacity) })
	fmt.Printf("%.3f\n", float64(measured.T.Nanoseconds())/float64(measured.N)/float64(chosen.operations))
}
