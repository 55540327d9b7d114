//! How large the SealedSecret of values gets: by a third larger than they are, and by hundreds of bytes for each of them.

use super::{Certificate, Error, SealedSecret};
use crate::Secret;
use crate::secrets::Data;

/// Bytes of a request that etcd takes (`--max-request-bytes`): the API server has each object stored by one.
const MAX: usize = 1_572_864;
/// Bytes of such a request beside what is counted here: where the object is stored, and what the API server and the
/// controller write into it.
const ROOM: usize = 8 << 10;
/// Bytes of a session key that is encrypted for a key of 4096 bits, which controllers make.
const WRAPPED: usize = 512;
/// Bytes of the length in front of it, and of the tag at the end.
const FRAME: usize = 2 + 16;

impl SealedSecret {
    /// Demands that an API server can store it, once it has `data` sealed for `certificate`. Where that is not known, it is
    /// taken for one of a key as controllers make them.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`].
    pub fn fits(&self, data: &Secret<Data>, certificate: Option<&Certificate>) -> Result<(), Error> {
        let wrapped = certificate.map_or(WRAPPED, |certificate| certificate.key().ciphertext_size());
        let (size, limit) = (self.size(data, wrapped), MAX - ROOM);
        if size > limit { Err(Error::TooLarge { size, limit }) } else { Ok(()) }
    }

    fn size(&self, data: &Secret<Data>, wrapped: usize) -> usize {
        let entries = data.expose().0.iter().map(|(key, value)| entry(key, wrapped + value.len()));
        self.value().to_string().len() + entries.sum::<usize>()
    }
}

/// Bytes of `"key":"ciphertext",` and of `"f:key":{},`, by which the API server notes whose the entry is.
fn entry(key: &str, encrypted: usize) -> usize {
    2 * key.len() + (FRAME + encrypted).div_ceil(3) * 4 + 14
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Scope, Template, seal_all};
    use std::collections::BTreeMap;

    const CERTIFICATE: &str = include_str!("tests/known/certificate.pem");

    fn secret(data: BTreeMap<String, String>) -> SealedSecret {
        let labels = [("team".to_owned(), "a".to_owned())].into();
        let template = Template { kind: "custom".into(), labels, annotations: BTreeMap::new() };
        let (namespace, name) = ("shop".into(), "app".into());
        SealedSecret { namespace, name, scope: Scope::NamespaceWide, template, data }
    }

    /// So many values, each of so many bytes.
    fn data(count: usize, length: usize) -> Secret<Data> {
        Secret::new(Data((0..count).map(|at| (format!("KEY_{at:04}"), vec![b'x'; length])).collect()))
    }

    #[test]
    fn it_is_what_the_object_has_once_it_is_sealed() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        let wrapped = certificate.key().ciphertext_size();
        for (count, length) in [(1, 0), (1, 1), (2, 2), (3, 1_000), (40, 31)] {
            let data = data(count, length);
            let sealed = seal_all(&certificate, Scope::NamespaceWide, "shop", "app", &data).unwrap();
            let notes: usize = sealed.keys().map(|key| format!("\"f:{key}\":{{}},").len()).sum();
            // The last entry has no comma behind it.
            let object = secret(sealed).value().to_string().len() + 1;
            assert_eq!(secret(BTreeMap::new()).size(&data, wrapped), object + notes, "{count} of {length}");
        }
    }

    #[test]
    fn what_no_api_server_stores_is_refused() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        let fits = |data: &Secret<Data>, given| {
            secret(BTreeMap::new()).fits(data, given).err().map(|e| e.to_string())
        };
        // What fills a Secret fits where it is one value, and not where it is many.
        assert_eq!(fits(&data(1, 1 << 20), None), None);
        insta::assert_snapshot!(fits(&data(700, 1_400), None).unwrap(), @"sealed, the values make an object of 1824560 bytes, more than the 1564672 that an API server can store");
        // Sealed for a key of half the length, each of them is shorter.
        assert!(fits(&data(620, 1_400), None).is_some());
        assert_eq!(fits(&data(620, 1_400), Some(&certificate)), None);
    }
}
