use super::*;

#[test]
fn arguments_in_full() {
    let address = Address::parse("ssh://git@[::1]:2222/srv/p.git").unwrap();
    let all = arguments(&address, Path::new("/tmp/a b/known_hosts"), Some(Path::new("/tmp/key")));
    let all: Vec<_> = all.iter().map(|argument| argument.to_string_lossy()).collect();
    insta::assert_snapshot!(all.join(" "), @r#"-F /dev/null -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o UserKnownHostsFile="/tmp/a b/known_hosts" -o IdentitiesOnly=yes -i /tmp/key -p 2222 -- git@::1"#);
}
