//! Secrets by which Argo CD knows repositories, as a cluster has them: no panic, and each is the same as itself.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::repository::Repository;
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    let repository = Repository::of(&json.0);
    drop(repository.data());
    assert!(repository.same(&Repository::of(&json.0)));
});
