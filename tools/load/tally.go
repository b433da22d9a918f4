package main

import (
	"slices"
	"strconv"
	"time"
)

// tally is what one connection saw.
type tally struct {
	accepted, refused []int64 // nanoseconds of answers below 400, and of the others
	statuses          map[int]int
	errors            map[string]int
	opened            int
}

func newTally() *tally {
	return &tally{statuses: map[int]int{}, errors: map[string]int{}}
}

func (t *tally) add(status int, err error, took time.Duration) {
	if err != nil {
		t.errors[err.Error()]++
		return
	}
	t.statuses[status]++
	if status < 400 {
		t.accepted = append(t.accepted, took.Nanoseconds())
	} else {
		t.refused = append(t.refused, took.Nanoseconds())
	}
}

// times are microseconds; zero when there was no answer of the kind.
type times struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P90   float64 `json:"p90_us"`
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
}

type result struct {
	Seconds     float64        `json:"seconds"`
	Statuses    map[string]int `json:"statuses"`
	Accepted    times          `json:"accepted"`
	Refused     times          `json:"refused"`
	Unsent      int            `json:"unsent"`
	Errors      map[string]int `json:"errors"`
	Connections int            `json:"connections_opened"`
	CPUSeconds  float64        `json:"cpu_seconds"`
}

func summary(tallies []*tally, took time.Duration, unsent int) result {
	found := result{
		Seconds: took.Seconds(), Unsent: unsent, Statuses: map[string]int{}, Errors: map[string]int{},
	}
	var accepted, refused []int64
	for _, one := range tallies {
		accepted, refused = append(accepted, one.accepted...), append(refused, one.refused...)
		for status, count := range one.statuses {
			found.Statuses[strconv.Itoa(status)] += count
		}
		for text, count := range one.errors {
			found.Errors[text] += count
		}
		found.Connections += one.opened
	}
	found.Accepted, found.Refused = timesOf(accepted), timesOf(refused)
	return found
}

func timesOf(nanoseconds []int64) times {
	if len(nanoseconds) == 0 {
		return times{}
	}
	slices.Sort(nanoseconds)
	var sum int64
	for _, one := range nanoseconds {
		sum += one
	}
	last := len(nanoseconds) - 1
	at := func(share float64) float64 { return float64(nanoseconds[int(share*float64(last)+0.5)]) / 1e3 }
	mean := float64(sum) / float64(len(nanoseconds)) / 1e3
	return times{len(nanoseconds), mean, at(0.5), at(0.9), at(0.99), at(1)}
}
