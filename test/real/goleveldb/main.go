// docker_auth's side of a LevelDB folder, for the tests: "goleveldb write|check|hold FOLDER", asked and answering in JSON.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/syndtr/goleveldb/leveldb"
	"golang.org/x/crypto/bcrypt"
)

// The members of docker_auth's records; whatever else stands there is passed over, and lost when a record is written.
type record struct {
	TokenType      string              `json:"token_type,omitempty"`
	AccessToken    string              `json:"access_token,omitempty"`
	RefreshToken   string              `json:"refresh_token,omitempty"`
	ValidUntil     time.Time           `json:"valid_until,omitempty"`
	DockerPassword string              `json:"docker_password,omitempty"`
	Labels         map[string][]string `json:"labels,omitempty"`
}

type login struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Right    bool   `json:"right"`
	Record   record `json:"record"`
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: goleveldb write|check|hold FOLDER")
	}
	db, err := leveldb.OpenFile(os.Args[2], nil)
	must(err)
	defer func() { must(db.Close()) }()
	switch os.Args[1] {
	case "write":
		write(db)
	case "check":
		check(db)
	case "hold":
		fmt.Println("open")
		_, err = io.Copy(io.Discard, os.Stdin)
		must(err)
	}
}

// Puts a record for each login, and so many more that tables must be written and merged.
func write(db *leveldb.DB) {
	var asked struct {
		Logins []login `json:"logins"`
		More   int     `json:"more"`
	}
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	for i := 0; i < asked.More; i++ {
		put(db, "filler"+strconv.Itoa(i), record{AccessToken: "token of " + strconv.Itoa(i), ValidUntil: time.Now()})
	}
	for _, one := range asked.Logins {
		hash, err := bcrypt.GenerateFromPassword([]byte(one.Password), 4)
		must(err)
		one.Record.DockerPassword = string(hash)
		put(db, one.Account, one.Record)
	}
}

func put(db *leveldb.DB, account string, value record) {
	text, err := json.Marshal(value)
	must(err)
	must(db.Put([]byte("t:"+account), text, nil))
}

// Answers the records of these logins, and whether the passwords are theirs.
func check(db *leveldb.DB) {
	var logins []login
	must(json.NewDecoder(os.Stdin).Decode(&logins))
	for i := range logins {
		one := &logins[i]
		text, err := db.Get([]byte("t:"+one.Account), nil)
		if err == leveldb.ErrNotFound {
			continue
		}
		must(err)
		must(json.Unmarshal(text, &one.Record))
		one.Right = bcrypt.CompareHashAndPassword([]byte(one.Record.DockerPassword), []byte(one.Password)) == nil
	}
	must(json.NewEncoder(os.Stdout).Encode(logins))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
