// A greeter on waggle's kit for Go; greeter.graphql is its contract.
package main

import "waggle"

type person struct{ Name string }

type request struct { // of both methods
	Person   person
	People   []person
	Language string
}

type greeting struct {
	Text     string `json:"text"`
	Language string `json:"language"`
}

var hello = map[string]string{"ENGLISH": "Hello, ", "FRENCH": "Bonjour, ", "GERMAN": "Hallo, "}

func greet(p person, language string) (greeting, error) {
	if p.Name == "" {
		return greeting{}, waggle.Errorf("invalid_argument", "nobody to greet: the name is empty")
	}
	waggle.Log(waggle.LevelInfo, "greeting %s", p.Name)
	return greeting{hello[language] + p.Name + "!", language}, nil
}

func init() {
	waggle.Handle("greet", func(in request) (greeting, error) { return greet(in.Person, in.Language) })
	waggle.Handle("greetAll", func(in request) (all []greeting, err error) {
		all = make([]greeting, len(in.People)) // an empty list, not null
		for i := 0; i < len(all) && err == nil; i++ {
			all[i], err = greet(in.People[i], in.Language)
		}
		return all, err
	})
}

func main() {} // waggle calls the handlers
