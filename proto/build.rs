//! Turns `proto/*.proto` into Rust. protox reads them, so no `protoc` is needed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["tfplugin6.proto", "goplugin.proto", "health.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // Clients are generic over their channel (tests use them); tonic's own channel stays out of the binary.
        .build_transport(false)
        // An RPC without an implementation answers UNIMPLEMENTED, which hosts take for "not supported".
        .generate_default_stubs(true)
        // The same schema must give the same bytes in every process.
        .btree_map(".")
        .compile_fds(files)?;
    Ok(())
}
