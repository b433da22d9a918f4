// load sends one HTTP request after another to a loopback server and prints what it found as JSON.
//
// Closed loop (-rate 0): each connection sends its next request when the last one was answered.
// Open loop (-rate R): R requests a second are due whatever the server does; a request's time counts from
// when it was due, and one for which no connection is free is not sent, but counted.
//
// It speaks just enough HTTP/1.1 to cost little: the server shares the machine with it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

type headerList []string

func (h *headerList) String() string { return strings.Join(*h, ", ") }
func (h *headerList) Set(value string) error {
	*h = append(*h, value)
	return nil
}

type plan struct {
	target      target
	connections int
	seconds     float64
	rate        float64
}

func main() {
	var headers headerList
	url := flag.String("url", "", "http://HOST:PORT/PATH")
	bodies := flag.String("bodies", "", "file with one request body a line; they are sent in turn")
	connections := flag.Int("connections", 1, "connections at most")
	seconds := flag.Float64("seconds", 5, "how long to send")
	rate := flag.Float64("rate", 0, "requests due in a second; 0: as fast as they are answered")
	timeout := flag.Float64("timeout", 30, "seconds after which a request without an answer is an error")
	flag.Var(&headers, "header", "'name: value', may be repeated")
	flag.Parse()

	parsed, err := newTarget(*url, *bodies, headers, time.Duration(*timeout*float64(time.Second)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	if *connections < 1 || *seconds <= 0 || *rate < 0 {
		fmt.Fprintln(os.Stderr, "load: -connections and -seconds must be above 0, -rate at least 0")
		os.Exit(2)
	}
	wanted := plan{parsed, *connections, *seconds, *rate}
	run := closedLoop
	if *rate > 0 {
		run = openLoop
	}
	found := run(wanted)
	found.CPUSeconds = cpuSeconds()
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// cpuSeconds is the processor time of this process so far.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	spent := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return spent.Seconds()
}
