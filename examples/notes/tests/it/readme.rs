//! The tutorial shows the lines that run.

use std::{fs, path::Path};

#[test]
fn every_snippet_of_the_readme_is_code_of_the_app() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for directory in ["src", "tests/it", "templates"] {
        for file in fs::read_dir(root.join(directory)).unwrap() {
            code += &unindented(&fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut snippets = 0;
    for block in readme.split("\n```").collect::<Vec<_>>().chunks(2) {
        let [_, block] = block else { continue };
        let (language, snippet) = block.split_once('\n').unwrap();
        if ["rust", "html"].contains(&language) {
            snippets += 1;
            assert!(code.contains(&unindented(snippet)), "no longer in the code:\n{snippet}");
        }
    }
    assert!(snippets >= 10, "{snippets} snippets were looked at");
}

fn unindented(code: &str) -> String {
    code.lines().map(|line| line.trim().to_owned() + "\n").collect()
}
