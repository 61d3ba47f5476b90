//! Pages that say the same as the code.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_page_on_mechanisms_has_the_table_of_the_chooser() {
    let (page, code) = (read("docs/mechanisms.md"), read("crates/auth/src/choose.rs"));
    let table: Vec<&str> = code.lines().filter_map(|line| line.strip_prefix("//! |")).collect();
    assert!(table.len() > 10);
    let on_page: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix('|')).collect();
    assert_eq!(on_page, table);
}
