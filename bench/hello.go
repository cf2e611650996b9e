// The article's service, for comparison: net/http, a counter with a lock, and the article's two
// log lines a request. -quiet turns the log off, for a comparison with servers whose log is off.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"sync"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	cert := flag.String("cert", "", "PEM file: serve HTTPS")
	key := flag.String("key", "", "PEM file of the certificate's key")
	quiet := flag.Bool("quiet", false, "log no requests")
	flag.Parse()

	var lock sync.Mutex
	var calls uint64
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		calls++
		now := calls
		lock.Unlock()
		if !*quiet {
			log.Printf("request from %s", r.RemoteAddr)
			log.Printf("calls: %d", now)
		}
		io.WriteString(w, "howdy\n")
	})
	if *cert != "" {
		log.Fatal(http.ListenAndServeTLS(*addr, *cert, *key, nil))
	}
	log.Fatal(http.ListenAndServe(*addr, nil))
}
