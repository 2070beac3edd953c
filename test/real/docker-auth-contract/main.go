// Command docker-auth-contract answers GET /auth as docker_auth's configuration says, with the libraries of Go that docker_auth
// uses (regexp, path, net, encoding/json, fmt, yaml.v2, glog, casbin). It is written from a description of docker_auth's behaviour,
// shares no code with it, and signs nothing: it is the other opinion in docker-auth.test.ts.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/golang/glog"
	"golang.org/x/crypto/bcrypt"
	"gopkg.in/yaml.v2"
)

type labels map[string][]string

type rule struct {
	Match struct {
		Account, Type, Name, IP, Service *string
		Labels                           map[string]string
	}
	Actions []string
}

type config struct {
	Token struct{ Issuer string }
	Users map[string]*struct {
		Password *string
		Labels   labels
	}
	ACL      []rule
	ExtAuthz *struct {
		Command string
		Args    []string
	} `yaml:"ext_authz"`
	Casbin *struct {
		Model  string `yaml:"model_path"`
		Policy string `yaml:"policy_path"`
	} `yaml:"casbin_authz"`
}

// What is asked about one resource, with the names that a program for ext_authz reads.
type question struct {
	Account, Type, Name, Service string
	IP                           net.IP
	Actions                      []string
	Labels                       labels
}

type scope struct {
	Type, Class, Name string
	Actions           []string
}

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

type claims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   string   `json:"aud"`
	Expiration int64    `json:"exp"`
	NotBefore  int64    `json:"nbf"`
	IssuedAt   int64    `json:"iat"`
	ID         string   `json:"jti"`
	Access     []access `json:"access"`
}

// Whoever does not say no or yes passes the question on.
type authorizer func(question) (granted []string, decided bool, err error)

func must[T any](value T, err error) T {
	if err != nil {
		glog.Exit(err)
	}
	return value
}

func main() {
	flag.Parse()
	var c config
	if err := yaml.Unmarshal(must(os.ReadFile(flag.Arg(0))), &c); err != nil {
		glog.Exit(err)
	}
	var chain []authorizer
	if c.ACL != nil {
		chain = append(chain, aclAuthorizer(c.ACL))
	}
	if c.ExtAuthz != nil {
		chain = append(chain, extAuthorizer(c.ExtAuthz.Command, c.ExtAuthz.Args))
	}
	if c.Casbin != nil {
		chain = append(chain, casbinAuthorizer(must(casbin.NewEnforcer(c.Casbin.Model, c.Casbin.Policy))))
	}
	http.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) { answer(w, r, c, chain) })
	glog.Exit(http.ListenAndServe(flag.Arg(1), nil))
}

func answer(w http.ResponseWriter, r *http.Request, c config, chain []authorizer) {
	name, password, _ := r.BasicAuth()
	user := c.Users[name]
	if user == nil || user.Password != nil && bcrypt.CompareHashAndPassword([]byte(*user.Password), []byte(password)) != nil {
		http.Error(w, "Auth failed.", http.StatusUnauthorized)
		return
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	now := time.Now().Unix()
	token := claims{
		Issuer: c.Token.Issuer, Subject: name, Audience: r.FormValue("service"),
		Expiration: now + 900, NotBefore: now - 10, IssuedAt: now, ID: fmt.Sprint(now), Access: []access{},
	}
	var asked []scope
	for _, text := range strings.Fields(strings.Join(r.Form["scope"], " ")) {
		parts := strings.Split(text, ":")
		last := len(parts) - 1
		if last != 2 && last != 3 {
			http.Error(w, "Bad request: scope", http.StatusBadRequest)
			return
		}
		actions := strings.Split(parts[last], ",")
		slices.Sort(actions)
		one := scope{Type: parts[0], Name: strings.Join(parts[1:last], ":"), Actions: actions}
		granted, err := decide(chain, question{name, one.Type, one.Name, token.Audience, net.ParseIP(host), actions, user.Labels})
		if err != nil {
			http.Error(w, "Authorization failed", http.StatusInternalServerError)
			return
		}
		asked = append(asked, one)
		token.Access = append(token.Access, access{one.Type, one.Name, granted})
	}
	body := must(json.Marshal(token))
	hidden := ""
	if password != "" {
		hidden = "***"
	}
	glog.Infof("New token for {%s:%s@%s %v} %+v: %s", name, hidden, r.RemoteAddr, asked, user.Labels, body)
	encode := base64.RawURLEncoding.EncodeToString
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token":"%s.%s."}`, encode([]byte(`{"alg":"none"}`)), encode(body))
}

func decide(chain []authorizer, q question) ([]string, error) {
	for _, ask := range chain {
		if granted, decided, err := ask(q); decided || err != nil {
			return append([]string{}, granted...), err
		}
	}
	return []string{}, nil
}

func aclAuthorizer(rules []rule) authorizer {
	return func(q question) ([]string, bool, error) {
		for _, one := range rules {
			if one.matches(q) {
				return grant(one.Actions, q.Actions), true, nil
			}
		}
		return nil, false, nil
	}
}

func grant(allowed, asked []string) []string {
	if slices.Equal(allowed, []string{"*"}) {
		return asked
	}
	var granted []string
	for _, action := range asked {
		if slices.Contains(allowed, action) {
			granted = append(granted, action)
		}
	}
	return granted
}

func (r rule) matches(q question) bool {
	m := r.Match
	fields := []struct {
		name, value string
		pattern     *string
	}{{"account", q.Account, m.Account}, {"type", q.Type, m.Type}, {"name", q.Name, m.Name}, {"service", q.Service, m.Service}}
	known := map[string]string{}
	for _, field := range fields {
		known["${"+field.name+"}"] = regexp.QuoteMeta(field.value)
		if field.pattern == nil {
			continue
		}
		if expression, ok := expressionOf(*field.pattern); ok {
			for number, group := range expression.FindStringSubmatch(field.value) {
				known[fmt.Sprintf("${%s:%d}", field.name, number)] = group
			}
		}
	}
	for _, field := range fields {
		if field.pattern != nil && !matchesAny(spread(fill(*field.pattern, known), q.Labels), field.value) {
			return false
		}
	}
	for label, pattern := range m.Labels {
		filled := fill(pattern, known)
		if !slices.ContainsFunc(q.Labels[label], func(value string) bool { return matches(filled, value) }) {
			return false
		}
	}
	return m.IP == nil || contains(*m.IP, q.IP)
}

var placeholder = regexp.MustCompile(`\$\{[a-z]+(:[0-9]+)?\}`)
var labelPlaceholder = regexp.MustCompile(`\$\{labels:([^}]*)\}`)

func fill(pattern string, known map[string]string) string {
	return placeholder.ReplaceAllStringFunc(pattern, func(text string) string {
		if value, ok := known[text]; ok {
			return value
		}
		return text
	})
}

// The pattern as it is, and with every combination of the values of the labels that it names.
func spread(pattern string, has labels) []string {
	filled := []string{pattern}
	for _, found := range labelPlaceholder.FindAllStringSubmatch(pattern, -1) {
		values, ok := has[found[1]]
		if !ok {
			continue
		}
		var next []string
		for _, text := range filled {
			for _, value := range values {
				next = append(next, strings.ReplaceAll(text, found[0], value))
			}
		}
		filled = next
	}
	return append(filled, pattern)
}

func matchesAny(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, value) })
}

func matches(pattern, value string) bool {
	if expression, ok := expressionOf(pattern); ok {
		return expression != nil && expression.MatchString(value)
	}
	matched, err := path.Match(pattern, value)
	return matched && err == nil
}

// Whether the pattern is an expression, and which; none for a label's value that made it invalid.
func expressionOf(pattern string) (*regexp.Regexp, bool) {
	if len(pattern) <= 2 || pattern[0] != '/' || pattern[len(pattern)-1] != '/' {
		return nil, false
	}
	known, ok := compiled.Load(pattern)
	if !ok {
		expression, err := regexp.Compile(pattern[1 : len(pattern)-1])
		if err != nil {
			expression = nil
		}
		known, _ = compiled.LoadOrStore(pattern, expression)
	}
	return known.(*regexp.Regexp), true
}

var compiled sync.Map

func contains(pattern string, address net.IP) bool {
	if _, network, err := net.ParseCIDR(pattern); err == nil {
		return network.Contains(address)
	}
	return net.ParseIP(pattern).Equal(address)
}

func extAuthorizer(command string, args []string) authorizer {
	return func(q question) ([]string, bool, error) {
		program := exec.Command(command, args...)
		program.Stdin = bytes.NewReader(must(json.Marshal(q)))
		err := program.Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) && ended.ExitCode() == 1 {
			return nil, true, nil
		}
		return q.Actions, true, err
	}
}

func casbinAuthorizer(enforcer *casbin.Enforcer) authorizer {
	enforcer.AddFunction("labelMatch", func(args ...any) (any, error) {
		var has, wanted labels
		_ = json.Unmarshal([]byte(args[0].(string)), &has)
		_ = json.Unmarshal([]byte(args[1].(string)), &wanted)
		for label, values := range wanted {
			if slices.ContainsFunc(values, func(value string) bool { return !slices.Contains(has[label], value) }) {
				return false, nil
			}
		}
		return true, nil
	})
	return func(q question) ([]string, bool, error) {
		text := string(must(json.Marshal(q.Labels)))
		var granted []string
		for _, action := range q.Actions {
			allowed, err := enforcer.Enforce(q.Account, q.Type, q.Name, q.Service, q.IP.String(), action, text)
			if err == nil && allowed {
				granted = append(granted, action)
			}
		}
		return granted, true, nil
	}
}
