// Seals values of 32 bytes with the library that kubeseal is made of, on one thread:
//
//	seal CERTIFICATE COUNT
//
// prints how many characters came of it. Our example `formats` does the same with our code.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"

	"github.com/bitnami-labs/sealed-secrets/pkg/crypto"
)

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) != 4 || os.Args[1] != "seal" {
		log.Fatal("seal CERTIFICATE COUNT")
	}
	if err := seal(os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func seal(certificate, number string) error {
	key, err := publicKey(certificate)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	characters := 0
	for i := range count {
		value := fmt.Appendf(nil, "%032d", i)
		sealed, err := crypto.HybridEncrypt(rand.Reader, key, value, []byte("shop/app"))
		if err != nil {
			return err
		}
		characters += len(base64.StdEncoding.EncodeToString(sealed))
	}
	fmt.Println(characters)
	return nil
}

func publicKey(path string) (*rsa.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the certificate is not for an RSA key")
	}
	return key, nil
}
