package main

import (
	"sync"
	"time"
)

// closedLoop keeps every connection busy until the time is over.
func closedLoop(wanted plan) result {
	began := time.Now()
	end := began.Add(time.Duration(wanted.seconds * float64(time.Second)))
	tallies := make([]*tally, wanted.connections)
	var workers sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally()
		workers.Add(1)
		go func(own *tally) {
			defer workers.Done()
			used := connection{target: &wanted.target, next: i * 7}
			defer used.close()
			for {
				sent := time.Now()
				if !sent.Before(end) {
					break
				}
				status, err := used.exchange()
				own.add(status, err, time.Since(sent))
			}
			own.opened = used.opened
		}(tallies[i])
	}
	workers.Wait()
	return summary(tallies, time.Since(began), 0)
}

// openLoop hands out requests when they are due; a new connection is opened while none is free.
func openLoop(wanted plan) result {
	due := make(chan time.Time)
	var workers sync.WaitGroup
	var tallies []*tally
	start := func() {
		own := newTally()
		tallies = append(tallies, own)
		workers.Add(1)
		number := len(tallies)
		go func() {
			defer workers.Done()
			used := connection{target: &wanted.target, next: number * 7}
			defer used.close()
			for at := range due {
				status, err := used.exchange()
				own.add(status, err, time.Since(at))
			}
			own.opened = used.opened
		}()
	}
	began := time.Now()
	total := int(wanted.rate * wanted.seconds)
	gap := float64(time.Second) / wanted.rate
	unsent := 0
	for number := range total {
		at := began.Add(time.Duration(float64(number) * gap))
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		select {
		case due <- at:
		default:
			if len(tallies) < wanted.connections {
				start()
				due <- at
			} else {
				unsent++
			}
		}
	}
	close(due)
	workers.Wait()
	return summary(tallies, time.Since(began), unsent)
}
