//! Keys of ssh, looked at before age reads them.
//!
//! Numbers have no zeros in front ([RFC 4251](https://www.rfc-editor.org/rfc/rfc4251#section-5)), and age 0.12 panics at
//! one that has nothing else. Nothing more is judged here: what else is wrong with a key is told by age.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Numbers of a private RSA key.
const NUMBERS: usize = 6;

/// Whether the line of a public key holds whole fields, and no number that is nothing but zeros.
pub(super) fn is_whole(line: &str) -> bool {
    let word = line.split(' ').nth(1).unwrap_or_default();
    let Ok(blob) = STANDARD.decode(word) else { return false };
    let mut rest = blob.as_slice();
    while !rest.is_empty() {
        match field(&mut rest) {
            Some(field) if !is_null(field) => {}
            _ => return false,
        }
    }
    true
}

/// Whether the PEM of a private key can be given to age: OpenSSH's own format with whole fields, of which no number is
/// nothing but zeros; or another format, of which age does not read the numbers itself.
pub(super) fn is_whole_private(pem: &str) -> bool {
    let Some(body) = pem.strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----") else { return true };
    // What age decodes ends no later, and begins with the same bytes.
    let letters =
        body.chars().take_while(|letter| *letter != '-').filter(|letter| !letter.is_ascii_whitespace());
    let letters: Zeroizing<String> = Zeroizing::new(letters.collect());
    let Ok(blob) = STANDARD.decode(letters.as_bytes()).map(Zeroizing::new) else { return false };
    let Some(mut rest) = private_section(&blob) else { return false };
    // One that is encrypted begins with anything, and is not read.
    match field(&mut rest) {
        Some(kind) if kind.starts_with(b"ssh-rsa") => {
            std::iter::from_fn(|| field(&mut rest)).take(NUMBERS).all(|number| !is_null(number))
        }
        _ => true,
    }
}

/// What follows the checksum in the section of a private key that may be encrypted, as `PROTOCOL.key` of OpenSSH has it.
fn private_section(blob: &[u8]) -> Option<&[u8]> {
    let mut rest = blob.strip_prefix(b"openssh-key-v1\0")?;
    for _cipher_kdf_and_its_options in 0..3 {
        field(&mut rest)?;
    }
    rest = rest.strip_prefix(&1_u32.to_be_bytes())?;
    let _public = field(&mut rest)?;
    field(&mut rest)?.get(8..)
}

/// The next field: its length, and as many bytes.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (field, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    Some(field)
}

fn is_null(field: &[u8]) -> bool {
    !field.is_empty() && field.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sops::{Encrypted, Format, Identities, Plain, Policy, Recipient};
    use std::time::SystemTime;

    /// Made for these tests, and of no other use: of RSA, and one whose passphrase is `hunter2`.
    const RSA: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAAAAdzc2gtcn
NhAAAAAwEAAQAAAQEArNspieuowWpn1ligH0OycBEf2aUTnkFO9zbHA2Tyt/2dGJKoqSGC
LG9g2bPRCyHGc0w+9LaxP17Gfc4OWV62Ph/84t5wucOLB4uXtwVgs7AN106g9cq9BTGwFL
JZk8U16MeY/05KpxPcST+ZoLwYt6gqcSm79KRAibuFep1tSA4YwvFNQQkm2yDyAQVkE9gr
RVSCkoj6j7tjERx3KkbfQ9QswT/mb0P4ODOYODZh8KDpbIsoGCcPqEZFdYUd5zKUqvnaxw
GDWPCIkrkV0vusOiUnkHpv6mwrGaoCSL1E5RuK2vGOkxuM/ibLgApaATqRqR955ae3lqz6
b1z3yFj5+wAAA7jxwV1h8cFdYQAAAAdzc2gtcnNhAAABAQCs2ymJ66jBamfWWKAfQ7JwER
/ZpROeQU73NscDZPK3/Z0YkqipIYIsb2DZs9ELIcZzTD70trE/XsZ9zg5ZXrY+H/zi3nC5
w4sHi5e3BWCzsA3XTqD1yr0FMbAUslmTxTXox5j/TkqnE9xJP5mgvBi3qCpxKbv0pECJu4
V6nW1IDhjC8U1BCSbbIPIBBWQT2CtFVIKSiPqPu2MRHHcqRt9D1CzBP+ZvQ/g4M5g4NmHw
oOlsiygYJw+oRkV1hR3nMpSq+drHAYNY8IiSuRXS+6w6JSeQem/qbCsZqgJIvUTlG4ra8Y
6TG4z+JsuACloBOpGpH3nlp7eWrPpvXPfIWPn7AAAAAwEAAQAAAQAo9afirCppZpbjZk3P
CsIaJxymfKTo763QC7Vd2wpeyeRzYbFAnpWThPLss1zaJ+83+/3BDBd1Hjanse+ZgsVpdD
f+5FnO0wS7TXsuXcJb4eBtwA6JH7jppawFQ3vRdb5AAigBe2JaM+0TmFQFj/zFbD5eYVbN
8ivu1zYaZ3pxQ63YIlqgNhSj6kPOtdOhnaqYMhni7dquVQbFkf/s8dJAPmwLVlujv7w+ZW
SGWW3x0gfOIL+t6ZjU9pKIgQ0GAgCzSwGPTx/YuoOZ8wUMIiMECB/3sWcqhc8VtHbr1Nny
SmtbK6SnehNtoKSqeH3Y/RiRvZHtvW8kXWatOQrFZpV5AAAAgD0R27ysrnK6stPIFRIM01
6/QH5SdQIjUtwcGb8U17wdvVTvbmwpAqD3pM3VEGOFB/wr5raYBhSun9kmEqc4W7f8JTQH
g86xNVJV56BQVRTXuMj3kmp8dw4sO1NMxDS16uqBlqbNG3qmUwUFxjuDN/zqAFfs72Ea4k
YLJ9vfh5e1AAAAgQDkTcjWkCa2GgJYG6lBbzWsEqellr5gMcqdWyT9kc1V4wJKWml80FUp
fGnpDz+8GQdRIjXNUQ5fFGUeIv8qm6SSSH1rPIvKD3/0Si7i3C9Keor8+sFzQFX88zGg87
aXlWNqRL4EkNKFfxA0P5IK3w7ysDUcCKD7Jv9iNVLn5YT1AwAAAIEAwdNj0A3BmNZN04kI
6iaamOIrMVofGAK8NX4JpkUsV/KVXTV3okTYgPkI4TyY+gJcodc2E/Tg1/eMQ/JmNWGtRO
upGoP6cr4ndKZT7mr89b7sjIYWxWRqC3D/O04faoEs/DyB/jEGJNo5GMmDbD7yCe2YrpFQ
aIxzl6Oz9lgHaakAAAAAAQID";
    const ENCRYPTED: &str = "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABC3SqFnxj
++GzlWI76Zj3OyAAAAAQAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIMXX32UdOPi0l6sx
jwOD0/gKs6tE+9ZqUuOuA2poPcnRAAAAkFHmOf0zpU+k/8C/sVs5wImmYC+BIwwfnkyz3P
0TNzOy9BsqttpfxpMmBPU9PVP54GBFCwGgRGMWfVHjl0ftN3A2aXoH9Qxkuap1dz4UC/ju
7hd5sUsO5wbiaMw+U+9DhjZZ0BkhtYWFaWfc+V3nY38o6eHabnjbTXHAD3u6gBs0yvicqe
0JvZQloLoG1itCbw==";

    fn pem(body: &str) -> String {
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
    }

    /// What is wrong with an identity.
    fn refusal(pem: &str) -> Option<String> {
        Identities::parse(pem).err().map(|error| error.to_string())
    }

    /// The key with its number of this index as `number`.
    fn with(index: usize, number: &[u8]) -> String {
        let blob = STANDARD.decode(RSA.replace('\n', "")).unwrap();
        let section = private_section(&blob).unwrap();
        let checked = [&blob[blob.len() - section.len() - 8..][..8]].concat();
        let mut rest = section;
        let mut fields: Vec<_> = (0..=NUMBERS + 1).map(|_| field(&mut rest).unwrap()).collect();
        fields[1 + index] = number;
        let mut section = checked;
        for field in fields {
            section.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            section.extend(field);
        }
        section.extend(rest);
        let public = blob.len() - private_section(&blob).unwrap().len() - 12;
        let mut changed = blob[..public].to_vec();
        changed.extend(u32::try_from(section.len()).unwrap().to_be_bytes());
        changed.extend(section);
        pem(&STANDARD.encode(changed))
    }

    #[test]
    fn a_number_of_nothing_but_zeros_is_refused() {
        assert_eq!(refusal(&pem(RSA)), None);
        for index in 0..NUMBERS {
            for zeros in [1, 2, 256] {
                let key = with(index, &vec![0; zeros]);
                let told = [refusal(&key), refusal(key.trim_end()), refusal(&key.replace("\n-", " \n-"))];
                assert!(
                    told.iter().all(|told| told.as_deref() == Some("it is no private key of ssh")),
                    "{told:?}"
                );
            }
        }
        // Zero itself is read, and is no number of a key; but for the one that age does not use.
        let told: Vec<_> = (0..NUMBERS).map(|index| refusal(&with(index, b"")).is_some()).collect();
        assert_eq!(told, [true, true, true, false, true, true]);
    }

    /// The line of the public key, which the file of a private one has in clear.
    fn public(body: &str) -> String {
        let blob = STANDARD.decode(body.replace('\n', "")).unwrap();
        let mut rest = blob.strip_prefix(b"openssh-key-v1\0").unwrap();
        for _cipher_kdf_and_its_options in 0..3 {
            field(&mut rest).unwrap();
        }
        rest = rest.strip_prefix(&1_u32.to_be_bytes()).unwrap();
        format!("ssh-rsa {} me@example", STANDARD.encode(field(&mut rest).unwrap()))
    }

    #[test]
    fn what_is_encrypted_for_a_key_of_rsa_is_opened_by_it() {
        let recipient = Recipient::parse(&public(RSA)).unwrap();
        let (policy, text) = (Policy::of(vec![recipient]), "a: hunter2\nb:\n    - 1\n");
        let plain = Plain::parse(text, Format::Yaml).unwrap();
        let sealed = plain.encrypt(Format::Yaml, &policy, SystemTime::now()).unwrap();
        assert!(sealed.contains("recipient: \"ssh-rsa AAAA") && !sealed.contains("hunter2"), "{sealed}");
        let file = Encrypted::parse(&sealed, Format::Yaml).unwrap();
        assert!(file.is_for(&policy));
        let open = |identity: &str| file.open(&Identities::parse(identity).unwrap());
        assert_eq!(open(&pem(RSA)).ok().unwrap().plain.text(Format::Yaml).expose(), text);
        // No other key does, be it of ssh or of age.
        for identity in [crate::sops::tests::IDENTITIES[3], crate::sops::tests::IDENTITIES[0]] {
            assert!(open(identity).is_err());
        }
    }

    #[test]
    fn other_keys_are_left_to_age() {
        insta::assert_snapshot!(refusal(&pem(ENCRYPTED)).unwrap(), @"it is a private key of ssh that is protected by a passphrase");
        // Of PKCS#1, with nine zeros.
        let numbers = STANDARD.encode([&[0x30_u8, 27][..], &[2, 1, 0].repeat(9)].concat());
        let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{numbers}\n-----END RSA PRIVATE KEY-----\n");
        insta::assert_snapshot!(refusal(&key).unwrap(), @"it is no private key of ssh");
    }
}
