// Command gomatch answers, with Go's own libraries, the questions that go-match.test.ts asks on standard input.
package main

import (
	"encoding/json"
	"net"
	"os"
	"path"
	"regexp"
)

type questions struct {
	Globs   [][2]string `json:"globs"`   // pattern, name
	Regexes [][2]string `json:"regexes"` // expression, text
	Quotes  []string    `json:"quotes"`
	IPs     [][2]string `json:"ips"` // address or network, address
}

type answers struct {
	Globs   []string   `json:"globs"`   // "yes", "no", "malformed"
	Regexes [][]string `json:"regexes"` // groups; null: no match; ["invalid"] with one more element: does not compile
	Quotes  []string   `json:"quotes"`
	IPs     []string   `json:"ips"` // "yes", "no", "malformed"
}

func main() {
	var asked questions
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	var given answers
	for _, q := range asked.Globs {
		given.Globs = append(given.Globs, glob(q[0], q[1]))
	}
	for _, q := range asked.Regexes {
		given.Regexes = append(given.Regexes, regex(q[0], q[1]))
	}
	for _, q := range asked.Quotes {
		given.Quotes = append(given.Quotes, regexp.QuoteMeta(q))
	}
	for _, q := range asked.IPs {
		given.IPs = append(given.IPs, ip(q[0], q[1]))
	}
	if err := json.NewEncoder(os.Stdout).Encode(given); err != nil {
		panic(err)
	}
}

func verdict(matched bool) string {
	if matched {
		return "yes"
	}
	return "no"
}

func glob(pattern, name string) string {
	matched, err := path.Match(pattern, name)
	if err != nil {
		return "malformed"
	}
	return verdict(matched)
}

func regex(expression, text string) []string {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return []string{"invalid", err.Error()}
	}
	return compiled.FindStringSubmatch(text)
}

func ip(pattern, address string) string {
	client := net.ParseIP(address)
	if one := net.ParseIP(pattern); one != nil {
		return verdict(client != nil && one.Equal(client))
	}
	_, network, err := net.ParseCIDR(pattern)
	if err != nil {
		return "malformed"
	}
	return verdict(client != nil && network.Contains(client))
}
