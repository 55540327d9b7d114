//! What the acceptance tests and the tests of the other crates share: servers that misbehave on demand.

pub mod git_server;
