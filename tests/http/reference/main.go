// The routes of hello on net/http: what its ServeMux and Server do by themselves is what
// test_like_net_http.py compares with. With -max-body it reads bodies, as hello does, for the
// score of rfc_score.py. It ends when its standard input does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

var pages = map[string]int{"vogue": 130, "natgeo": 78, "newyorker": 132}

// The type is given, because net/http would take some names of a magazine for HTML.
func plain(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, body)
}

func always(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { plain(w, body) }
}

func magazine(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/magazine/")
	if name == "" {
		plain(w, "No magazine provided.\n")
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	plain(w, fmt.Sprintf("%s has %d pages.\n", name, pages[name]))
}

// withBody reads a request's body before the response.
func withBody(next http.Handler, max int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, max))
		switch {
		case errors.As(err, &tooLarge):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		case err != nil:
			w.Header().Set("Connection", "close")
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func main() {
	maxBody := flag.Int64("max-body", -1, "read bodies of at most so many bytes; -1: don't")
	maxHeader := flag.Int("max-header", 0, "bytes of a header; 0: net/http's default")
	flag.Parse()
	mux := http.NewServeMux()
	mux.HandleFunc("/", always("howdy\n"))
	mux.HandleFunc("/magazine/", magazine)
	mux.HandleFunc("/healthz", always("ok\n"))
	mux.HandleFunc("/readyz", always("ready\n"))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server := &http.Server{Handler: mux, MaxHeaderBytes: *maxHeader}
	if *maxBody >= 0 {
		server.Handler = withBody(mux, *maxBody)
	}
	log.Fatal(server.Serve(listener))
}
