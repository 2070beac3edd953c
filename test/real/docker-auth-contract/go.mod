module docker-auth-contract

go 1.25

require (
	github.com/casbin/casbin/v2 v2.103.0
	github.com/golang/glog v1.2.5
	golang.org/x/crypto v0.45.0
	gopkg.in/yaml.v2 v2.4.0
)

require (
	github.com/bmatcuk/doublestar/v4 v4.6.1 // indirect
	github.com/casbin/govaluate v1.3.0 // indirect
)
