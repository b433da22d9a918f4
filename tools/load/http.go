package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// target holds the requests as the bytes that go over the wire.
type target struct {
	address  string
	requests [][]byte
	timeout  time.Duration
}

func newTarget(address, bodies string, headers []string, timeout time.Duration) (target, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "http" || parsed.Port() == "" {
		return target{}, fmt.Errorf("-url is %q: expected http://HOST:PORT/PATH", address)
	}
	content, err := os.ReadFile(bodies)
	if err != nil {
		return target{}, fmt.Errorf("-bodies: %w", err)
	}
	made := target{address: parsed.Host, timeout: timeout}
	for _, body := range bytes.Split(bytes.TrimSpace(content), []byte("\n")) {
		var request bytes.Buffer
		fmt.Fprintf(&request, "POST %s HTTP/1.1\r\nHost: %s\r\n", parsed.RequestURI(), parsed.Host)
		for _, header := range headers {
			fmt.Fprintf(&request, "%s\r\n", header)
		}
		fmt.Fprintf(&request, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
		request.Write(body)
		made.requests = append(made.requests, request.Bytes())
	}
	return made, nil
}

// connection is one TCP connection that is opened again when the server has closed it.
type connection struct {
	target *target
	socket net.Conn
	reader *bufio.Reader
	next   int
	opened int
}

// exchange sends the next request and reads its answer; the status is 0 when there was none.
func (c *connection) exchange() (int, error) {
	request := c.target.requests[c.next%len(c.target.requests)]
	c.next++
	kept := c.socket != nil
	status, err := c.once(request)
	if err != nil && kept && errors.Is(err, errClosedBefore) {
		status, err = c.once(request) // the server closed an idle connection: not an error of its own
	}
	return status, err
}

var errClosedBefore = errors.New("the connection was closed before the answer began")

func (c *connection) once(request []byte) (int, error) {
	if c.socket == nil {
		socket, err := net.DialTimeout("tcp", c.target.address, c.target.timeout)
		if err != nil {
			return 0, err
		}
		c.socket, c.opened = socket, c.opened+1
		c.reader = bufio.NewReaderSize(socket, 16*1024)
	}
	if err := c.socket.SetDeadline(time.Now().Add(c.target.timeout)); err != nil {
		return 0, c.broken(err)
	}
	if _, err := c.socket.Write(request); err != nil {
		return 0, c.broken(fmt.Errorf("%w: %w", errClosedBefore, err))
	}
	status, keep, err := readAnswer(c.reader)
	if err != nil {
		return 0, c.broken(err)
	}
	if !keep {
		c.close()
	}
	return status, nil
}

func (c *connection) broken(err error) error {
	c.close()
	return err
}

func (c *connection) close() {
	if c.socket != nil {
		c.socket.Close()
		c.socket = nil
	}
}

// readAnswer reads one answer to its end: its status, and whether the connection stays open.
func readAnswer(reader *bufio.Reader) (int, bool, error) {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		if len(line) == 0 && !isTimeout(err) {
			return 0, false, fmt.Errorf("%w: %w", errClosedBefore, err)
		}
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, false, fmt.Errorf("not an HTTP answer: %q", line)
	}
	keep := line[7] == '1'
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, false, fmt.Errorf("not an HTTP status: %q", line)
	}
	length, chunked := -1, false
	for {
		line, err = reader.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equal(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, fmt.Errorf("content-length is %q", value)
			}
		case equal(name, "transfer-encoding"):
			chunked = equal(value, "chunked")
		case equal(name, "connection"):
			keep = keep && !equal(value, "close")
		}
	}
	switch {
	case chunked:
		err = discardChunks(reader)
	case length >= 0:
		_, err = reader.Discard(length)
	default:
		_, err = io.Copy(io.Discard, reader)
		keep = false
	}
	return status, keep, err
}

func discardChunks(reader *bufio.Reader) error {
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimRight(line, "\r\n"), 16, 64)
		if err != nil {
			return fmt.Errorf("not the size of a chunk: %q", line)
		}
		if _, err := reader.Discard(int(size) + 2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

func equal(found []byte, name string) bool { return strings.EqualFold(string(found), name) }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
