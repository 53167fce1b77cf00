#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| occtop_fuzz::run("config", data));
