//! Every package is asked for by a range that has a lower end, or from a place that cannot change under it. Git
//! dependencies must name a full commit; `workspace:`, `file:`, `link:` and `catalog:` are the project's own.

use nodejs_semver::Range;
use portcullis_rules::dependency::UNPINNED;

use crate::checks::Check;
use crate::evidence::lockfile::is_git;
use crate::evidence::project::Project;
use crate::quote::quoted;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&UNPINNED, project);

fn project(project: &Project) -> Verdict {
    let mut found = Vec::new();
    let mut asked = 0;
    for line in
        project.manifests.iter().flat_map(|manifest| &manifest.declared).filter(|line| !line.kind.is_peer())
    {
        asked += 1;
        if let Some(fault) = fault(&line.range) {
            found.push(Observation::in_file(
                &line.location,
                format!("{}: `{}` {fault}", line.name, quoted(&line.range)),
            ));
        }
    }
    if asked == 0 {
        return Verdict::does_not_apply("no package is asked for");
    }
    Verdict::broken_if_any(
        found,
        Verdict::holds(format!("{asked} packages are asked for by ranges with a lower end")),
    )
}

/// What is wrong with a range, if anything.
fn fault(range: &str) -> Option<&'static str> {
    let range = range.trim();
    if ["workspace:", "file:", "link:", "portal:", "patch:", "catalog:"]
        .iter()
        .any(|own| range.starts_with(own))
    {
        return None;
    }
    // `user/repository` is git as well, by npm's short form.
    let short = !range.starts_with(['@', '.', '/', '~'])
        && range.split('#').next().is_some_and(|path| path.matches('/').count() == 1)
        && !range.contains(':');
    if is_git(range) || short {
        let commit = range.rsplit_once('#').map_or("", |(_, commit)| commit);
        let full = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        return (!full).then_some("follows a branch or tag of a git repository");
    }
    if range.starts_with("http:") || range.starts_with("https:") {
        return Some("is whatever lies at that address");
    }
    let range = match range.strip_prefix("npm:") {
        Some(alias) => alias
            .char_indices()
            .skip(1)
            .find(|(_, sign)| *sign == '@')
            .and_then(|(at, _)| alias.get(at + 1..))
            .unwrap_or(""),
        None => range,
    };
    if matches!(range, "" | "*" | "x" | "X" | ">=0" | ">=0.0.0" | "latest" | "next") {
        return Some("takes whatever was published last");
    }
    // What is no range is the name of a tag, which moves.
    Range::parse(range).is_err().then_some("is a tag, which moves")
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn what_can_change_under_the_project_is_found() {
        for range in [
            "latest",
            "*",
            "",
            "beta",
            "github:a/b",
            "a/b",
            "git+https://h/a.git#main",
            "https://h/a.tgz",
            "npm:x",
        ] {
            assert!(fault(range).is_some(), "{range}");
        }
        let commit = "a".repeat(40);
        let full = [
            format!("github:a/b#{commit}"),
            format!("a/b#{commit}"),
            format!("git+ssh://git@h/a.git#{commit}"),
        ];
        for range in full.iter().map(String::as_str).chain([
            "^1.2.3",
            "1.x",
            ">=1 <2",
            "workspace:*",
            "file:../a",
            "npm:x@^1",
        ]) {
            assert_eq!(fault(range), None, "{range}");
        }
    }
}
