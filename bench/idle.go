// Opens connections, sends one request on each, prints "ready", and keeps them open and idle until
// standard input ends.
//
// usage: idle -connections 1000 [-tls] 127.0.0.1:PORT
package main

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

func open(address string, secure bool) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if secure {
		// The certificate is made for each run and self-signed.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return conn, err
}

func main() {
	count := flag.Int("connections", 1000, "how many")
	secure := flag.Bool("tls", false, "with TLS")
	flag.Parse()
	log.SetFlags(0)

	// All stay reachable from here; the garbage collector would close others.
	conns := make([]net.Conn, *count)
	var group sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range conns {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			conn, err := open(flag.Arg(0), *secure)
			if err != nil {
				log.Fatalf("idle: connection %d: %v", i+1, err)
			}
			conns[i] = conn
		}(i)
	}
	group.Wait()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	for _, conn := range conns {
		conn.Close()
	}
}
