//! Finds the actions: the fewest and the mildest that clear what can be cleared.
//!
//! 1. A package that the project asks for, and of which we know what its releases bring (Express and its kin), is raised
//!    to the lowest release of its line that clears most of what it brings.
//! 2. What remains is raised by itself, where a fixed version is known: within the ranges that ask for it, else by
//!    changing the project's own range, else by an override.
//! 3. What has no fixed version is replaced, if we know by what, or goes.
//!
//! Where several packages bring the same copy, it takes an action for each, and the finding stands in all of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::command;
use super::range;
use super::releases::Releases;
use super::{Action, Change, Cleared, MAX_PATHS};
use crate::advisory::{Affected, Bound, Kind, Match, version};
use crate::checks::dependency::{REPLACEMENTS, label};
use crate::evidence::lockfile::{DependencyKind, Ecosystem, Format, Package, PackageId, Source};
use crate::evidence::project::{Installed, Project};
use crate::location::Location;
use crate::priority::{Factor, Priority};
use portcullis_rules::dependency;

/// What to do in a project, the most rewarding first: by the weight of what is cleared for its cost, then by name.
/// Malware and what is exploited already comes before all else.
pub fn plan(project: &Project) -> Vec<Action> {
    let releases = Releases::embedded();
    let mut actions: Vec<(bool, Action)> = Vec::new();
    for installed in &project.installed {
        let mut planner = Planner::new(project, installed, &releases);
        planner.raise_known();
        planner.raise_each();
        actions.extend(planner.finish());
    }
    actions.sort_by(|(one_urgent, one), (other_urgent, other)| {
        (Reverse(one_urgent), Reverse(one.priority.score), one.from.len(), &one.package, &one.to).cmp(&(
            Reverse(other_urgent),
            Reverse(other.priority.score),
            other.from.len(),
            &other.package,
            &other.to,
        ))
    });
    actions.into_iter().map(|(_, action)| action).collect()
}

/// The copies of one version of a package that is at fault.
struct Faulty<'a> {
    package: &'a Package,
    matches: Vec<&'a Match>,
    /// Versions above it that no advisory about the package affects, the lowest first.
    better: Vec<Version>,
    /// Who asks for it: the package, the range.
    asked: Vec<(PackageId, &'a str, DependencyKind)>,
    /// The project itself forces this version by an override: no upgrade around it changes that.
    forced: Option<&'a Location>,
    /// What the project asks for that leads to it.
    heads: BTreeSet<PackageId>,
    /// For each package of the graph, whether it leads to it.
    leads: Vec<bool>,
    done: bool,
}

struct Planner<'a> {
    project: &'a Project,
    installed: &'a Installed,
    releases: &'a Releases,
    faulty: Vec<Faulty<'a>>,
    steps: Vec<Step<'a>>,
}

/// An action in the making.
struct Step<'a> {
    change: Change,
    package: &'a Package,
    to: Option<Version>,
    instead: Option<String>,
    /// Whether the project asks for the package itself.
    direct: bool,
    clears: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(project: &'a Project, installed: &'a Installed, releases: &'a Releases) -> Self {
        let graph = &installed.graph;
        let mut groups: BTreeMap<(&str, &str), Vec<&Match>> = BTreeMap::new();
        for found in &installed.matches {
            groups.entry((&found.name, &found.version)).or_default().push(found);
        }
        let mut faulty = Vec::new();
        for matches in groups.into_values() {
            let Some(first) = matches.first().copied() else { continue };
            let Some(package) = first.places.first().and_then(|place| graph.package(*place)) else {
                continue;
            };
            let known = installed.known.get(&(first.ecosystem, first.name.clone()));
            let affected: Vec<&Affected> =
                known.into_iter().flatten().map(|advisory| &advisory.affected).collect();
            let asked = first.places.iter().flat_map(|place| {
                graph
                    .dependents(*place)
                    .map(|(from, dependency)| (from, dependency.range.as_str(), dependency.kind))
            });
            let asked: Vec<_> = asked.collect();
            let ways = first.places.iter().flat_map(|place| graph.ways_to(*place));
            let heads: BTreeSet<PackageId> = ways.filter_map(|way| way.first().copied()).collect();
            let leads = graph.leading_to(first.places.iter().copied());
            let forced = project
                .manifest_of(installed)
                .and_then(|manifest| manifest.overrides.iter().find(|line| line.name == package.name))
                .map(|line| &line.location);
            for (matches, better) in split(matches, &affected) {
                let (asked, heads, leads) = (asked.clone(), heads.clone(), leads.clone());
                faulty.push(Faulty { package, matches, better, asked, forced, heads, leads, done: false });
            }
        }
        Self { project, installed, releases, faulty, steps: Vec::new() }
    }

    /// Raises what the project asks for, where it is known what the releases bring.
    fn raise_known(&mut self) {
        let graph = &self.installed.graph;
        let heads: BTreeSet<PackageId> =
            self.faulty.iter().flat_map(|faulty| faulty.heads.iter().copied()).collect();
        // For each such package the release to go to, and what that clears of what comes through the package.
        let mut raised: BTreeMap<PackageId, (Version, BTreeSet<usize>)> = BTreeMap::new();
        for head in heads {
            let Some(package) = graph.package(head) else { continue };
            if let Some(best) = self.best_release(head, package) {
                raised.insert(head, best);
            }
        }
        // A finding is cleared when every package that brings it is raised.
        let mut steps: BTreeMap<PackageId, Vec<usize>> = BTreeMap::new();
        for (index, faulty) in self.faulty.iter_mut().enumerate() {
            let all = |head| {
                raised.get(head).is_some_and(|(_, clears): &(_, BTreeSet<usize>)| clears.contains(&index))
            };
            if faulty.forced.is_none() && !faulty.heads.is_empty() && faulty.heads.iter().all(all) {
                faulty.done = true;
                for head in &faulty.heads {
                    steps.entry(*head).or_default().push(index);
                }
            }
        }
        for (head, clears) in steps {
            let (Some(package), Some((to, _))) = (graph.package(head), raised.remove(&head)) else {
                continue;
            };
            let change = self.change_of_own(package, &to);
            self.steps.push(Step { change, package, to: Some(to), instead: None, direct: true, clears });
        }
    }

    /// The lowest release of its own line, else of any, that clears most. `None` if nothing would be cleared, or if
    /// each would be cleared by an update within ranges.
    fn best_release(&self, head: PackageId, package: &Package) -> Option<(Version, BTreeSet<usize>)> {
        let current = version(&package.version)?;
        let releases = self.releases.above(&package.name, &current);
        if releases.is_empty() {
            return None;
        }
        let through: Vec<(usize, &Faulty<'_>)> =
            self.faulty.iter().enumerate().filter(|(_, faulty)| faulty.heads.contains(&head)).collect();
        if through.iter().all(|(_, faulty)| !faulty.better.is_empty() && self.in_range(faulty).is_some()) {
            return None;
        }
        let own = self
            .faulty
            .iter()
            .find(|faulty| std::ptr::eq(faulty.package, package) || faulty.package.key == package.key);
        let mut best: Option<(Version, BTreeSet<usize>)> = None;
        let (same, next): (Vec<_>, Vec<_>) =
            releases.into_iter().partition(|release| range::same_line(&current, release));
        for line in [same, next] {
            for release in line {
                if own.is_some_and(|own| !own.better.is_empty() && self.is_affected(own, &release)) {
                    continue;
                }
                let clears: BTreeSet<usize> = through
                    .iter()
                    .filter(|(_, faulty)| {
                        faulty.package.key == package.key || self.is_cleared(package, &release, faulty)
                    })
                    .map(|(index, _)| *index)
                    .collect();
                if clears.len() > best.as_ref().map_or(0, |(_, clears)| clears.len()) {
                    best = Some((release, clears));
                }
            }
            if best.is_some() {
                return best;
            }
        }
        None
    }

    fn is_affected(&self, faulty: &Faulty<'_>, at: &Version) -> bool {
        let known = self.installed.known.get(&(faulty.package.ecosystem, faulty.package.name.clone()));
        known.into_iter().flatten().any(|advisory| advisory.affected.contains_version(at))
    }

    /// Whether `package` at `release` brings no faulty version of what is at fault now.
    fn is_cleared(&self, package: &Package, release: &Version, faulty: &Faulty<'_>) -> bool {
        let graph = &self.installed.graph;
        // Below a package whose releases we do not know, everything is as it is installed.
        let brings = |other: &str| {
            graph.iter().zip(&faulty.leads).any(|((_, package), leads)| *leads && package.name == other)
        };
        let ranges = self.releases.all_asked(&package.name, release, &faulty.package.name, &brings);
        ranges.is_some_and(|ranges| {
            ranges.iter().all(|range| {
                faulty.better.iter().any(|better| range::satisfies(Ecosystem::Npm, range, better))
                    || range::floor(range).is_some_and(|floor| !self.is_affected(faulty, &floor))
            })
        })
    }

    /// Raises the rest, each for itself.
    fn raise_each(&mut self) {
        for index in 0..self.faulty.len() {
            let Some(faulty) = self.faulty.get(index).filter(|faulty| !faulty.done) else { continue };
            let direct = faulty.asked.iter().any(|(from, ..)| self.is_project(*from));
            let only_direct =
                !faulty.asked.is_empty() && faulty.asked.iter().all(|(from, ..)| self.is_project(*from));
            let current = version(&faulty.package.version);
            let nearest = current.as_ref().and_then(|current| {
                let same = faulty.better.iter().find(|better| range::same_line(current, better));
                same.or(faulty.better.first())
            });
            let replacement = REPLACEMENTS.iter().find(|(name, _)| direct && *name == faulty.package.name);
            let step = if let Some(to) = self.in_range(faulty) {
                (Change::InRange, Some(to.clone()), None)
            } else if let Some(to) = nearest.filter(|_| only_direct && faulty.forced.is_none()) {
                (self.change_of_own(faulty.package, to), Some(to.clone()), None)
            } else if let Some(to) = nearest {
                (Change::Override, Some(to.clone()), None)
            } else if let Some((_, instead)) = replacement {
                (Change::Replace, None, Some((*instead).to_owned()))
            } else if let Some(last) = last_affected(&faulty.matches) {
                (Change::Replace, None, Some(format!("a release above {last}, if there is one")))
            } else {
                (Change::Remove, None, None)
            };
            let (change, to, instead) = step;
            let package = faulty.package;
            // Two versions of a package that go to the same one are one action.
            let known = self.steps.iter_mut().find(|step| {
                step.package.name == package.name
                    && step.package.alias == package.alias
                    && step.change == change
                    && step.to == to
                    && step.direct == direct
            });
            match known {
                Some(step) => step.clears.push(index),
                None => self.steps.push(Step { change, package, to, instead, direct, clears: vec![index] }),
            }
        }
    }

    /// The lowest better version that everyone who asks for the package allows already.
    fn in_range<'f>(&self, faulty: &'f Faulty<'_>) -> Option<&'f Version> {
        let locked = self.installed.graph.format != Format::Manifest;
        if faulty.asked.is_empty() || faulty.forced.is_some() || !locked {
            return None;
        }
        if faulty.package.ecosystem == Ecosystem::Cargo {
            // Cargo.lock does not say the ranges; almost all are caret ranges, which hold on to the line.
            let current = version(&faulty.package.version)?;
            return faulty.better.iter().find(|better| range::same_line(&current, better));
        }
        faulty.better.iter().find(|better| {
            faulty.asked.iter().all(|(_, range, _)| range::satisfies(faulty.package.ecosystem, range, better))
        })
    }

    fn is_project(&self, id: PackageId) -> bool {
        self.installed.graph.package(id).is_some_and(|package| package.source == Source::Project)
    }

    /// How far it is to another version of what the project asks for.
    fn change_of_own(&self, package: &Package, to: &Version) -> Change {
        let ranges: Vec<&str> = self
            .installed
            .graph
            .edges()
            .filter(|(from, dependency, target)| {
                self.is_project(*from)
                    && self.installed.graph.package(*target).is_some_and(|target| target.key == package.key)
                    && !dependency.range.is_empty()
            })
            .map(|(_, dependency, _)| dependency.range.as_str())
            .collect();
        let locked = self.installed.graph.format != Format::Manifest;
        if locked
            && !ranges.is_empty()
            && ranges.iter().all(|range| range::satisfies(package.ecosystem, range, to))
        {
            Change::InRange
        } else if version(&package.version).is_some_and(|current| range::same_line(&current, to)) {
            Change::Minor
        } else {
            Change::Major
        }
    }

    fn finish(self) -> Vec<(bool, Action)> {
        self.steps.iter().map(|step| self.action(step)).collect()
    }

    fn action(&self, step: &Step<'a>) -> (bool, Action) {
        let graph = &self.installed.graph;
        let faulty: Vec<&Faulty<'_>> =
            step.clears.iter().filter_map(|index| self.faulty.get(*index)).collect();
        let mut weighed: Vec<(u32, Cleared)> = Vec::new();
        let mut urgent = false;
        for found in faulty.iter().flat_map(|faulty| &faulty.matches) {
            let priority = Priority::of(self.project, self.installed, found);
            urgent |=
                priority.factors.iter().any(|factor| factor.name == "exploited" && factor.hundredths > 100);
            let malicious = found.kind() == Kind::Malicious;
            let cleared = Cleared {
                rule: if malicious { &dependency::MALICIOUS } else { &dependency::VULNERABLE },
                advisory: Some(found.id().to_owned()),
                package: found.name.clone(),
                version: found.version.clone(),
                severity: found.severity(),
            };
            weighed.push((priority.score, cleared));
        }
        weighed.sort_by(|(one, a), (other, b)| {
            (Reverse(a.severity), Reverse(one), &a.package, &a.advisory).cmp(&(
                Reverse(b.severity),
                Reverse(other),
                &b.package,
                &b.advisory,
            ))
        });
        let gain = weighed.iter().fold(0_u32, |gain, (score, _)| gain.saturating_add(*score));
        let count = weighed.len();
        let priority = Priority {
            score: gain / step.change.cost(),
            factors: vec![
                Factor {
                    name: "gain",
                    hundredths: gain,
                    because: format!("{count} findings, by their scores"),
                },
                Factor { name: "cost", hundredths: step.change.cost(), because: step.change.to_string() },
            ],
        };
        let mut ways: Vec<Vec<PackageId>> = faulty
            .iter()
            .filter_map(|faulty| faulty.matches.first())
            .flat_map(|found| &found.places)
            .flat_map(|place| graph.ways_to(*place))
            .collect();
        ways.sort_by_key(Vec::len);
        ways.dedup();
        let names =
            |way: &Vec<PackageId>| way.iter().filter_map(|id| graph.package(*id)).map(label).collect();
        let mut from: Vec<String> = if faulty.iter().any(|faulty| faulty.package.name == step.package.name) {
            let own = faulty.iter().filter(|faulty| faulty.package.name == step.package.name);
            own.map(|faulty| faulty.package.version.clone()).collect()
        } else {
            vec![step.package.version.clone()]
        };
        from.sort_by_key(|written| version(written));
        let action = Action {
            change: step.change,
            package: step.package.name.clone(),
            from,
            to: step.to.as_ref().map(ToString::to_string),
            instead: step.instead.clone(),
            location: self.location(step),
            command: command::of(
                self.project,
                self.installed,
                step.change,
                step.package,
                step.to.as_ref(),
                step.direct,
            ),
            clears: weighed.into_iter().map(|(_, cleared)| cleared).collect(),
            paths: ways.iter().take(MAX_PATHS).map(names).collect(),
            path_count: ways.len(),
            priority,
        };
        (urgent, action)
    }

    /// The line to change.
    fn location(&self, step: &Step<'_>) -> Location {
        let name = step.package.alias.as_deref().unwrap_or(&step.package.name);
        let manifests =
            || self.project.manifest_of(self.installed).into_iter().chain(&self.project.manifests);
        let own = manifests().find_map(|manifest| manifest.line(name));
        match (step.change, own) {
            (Change::InRange, _) => step.package.location.clone(),
            (Change::Override, _) => {
                let forced = step.clears.iter().find_map(|index| self.faulty.get(*index)?.forced);
                if let Some(line) = forced {
                    return line.clone();
                }
                manifests()
                    .next()
                    .map_or_else(|| step.package.location.clone(), |manifest| Location::file(&manifest.file))
            }
            (_, Some(line)) if step.direct => line.location.clone(),
            _ => step.package.location.clone(),
        }
    }
}

/// What a known version clears, with those versions; and what none does. A version that leaves every affected range
/// clears all. Where there is none, the lowest that clears most is taken, and the rest stands for itself.
fn split<'a>(matches: Vec<&'a Match>, affected: &[&Affected]) -> Vec<(Vec<&'a Match>, Vec<Version>)> {
    let Some(from) = matches.first().map(|found| found.version.as_str()) else { return Vec::new() };
    if matches.iter().any(|found| found.kind() == Kind::Malicious) {
        return vec![(matches, Vec::new())];
    }
    let all = better(from, affected);
    if !all.is_empty() {
        return vec![(matches, all)];
    }
    let clears = |version: &Version, found: &Match| {
        found.records.iter().all(|record| !record.affected.contains_version(version))
    };
    let count = |version: &Version| matches.iter().filter(|found| clears(version, found)).count();
    let best = fixed_versions(from, affected)
        .into_iter()
        .max_by(|one, other| count(one).cmp(&count(other)).then_with(|| other.cmp_precedence(one)));
    let Some(best) = best.filter(|best| count(best) > 0) else { return vec![(matches, Vec::new())] };
    let (cleared, rest): (Vec<_>, Vec<_>) = matches.into_iter().partition(|found| clears(&best, found));
    let mut groups = vec![(cleared, vec![best])];
    if !rest.is_empty() {
        groups.push((rest, Vec::new()));
    }
    groups
}

/// The versions that are named as fixed, lie above `from` and that nothing affects, the lowest first.
fn better(from: &str, affected: &[&Affected]) -> Vec<Version> {
    let mut all = fixed_versions(from, affected);
    all.retain(|fixed| affected.iter().all(|affected| !affected.contains_version(fixed)));
    all
}

/// The versions that are named as fixed and lie above `from`, the lowest first. A prerelease is no way out for who
/// runs a release.
fn fixed_versions(from: &str, affected: &[&Affected]) -> Vec<Version> {
    let Some(from) = version(from) else { return Vec::new() };
    let intervals = affected.iter().flat_map(|affected| &affected.intervals);
    let mut all: Vec<Version> = intervals
        .filter_map(|interval| match &interval.end {
            Bound::Fixed(fixed) => Some(fixed.clone()),
            Bound::LastAffected(_) | Bound::Open => None,
        })
        .filter(|fixed| fixed.cmp_precedence(&from).is_gt() && (fixed.pre.is_empty() || !from.pre.is_empty()))
        .collect();
    all.sort_by(Version::cmp_precedence);
    all.dedup_by(|one, other| one.cmp_precedence(other).is_eq());
    all
}

/// The highest version that is known to be affected, if each finding names one: what lies above may be good, if it
/// exists.
fn last_affected(matches: &[&Match]) -> Option<Version> {
    let mut highest: Option<Version> = None;
    for found in matches {
        let installed = version(&found.version)?;
        let intervals = found.records.iter().flat_map(|record| &record.affected.intervals);
        let last = intervals.filter(|interval| interval.contains(&installed)).find_map(|interval| {
            match &interval.end {
                Bound::LastAffected(last) => Some(last.clone()),
                Bound::Fixed(_) | Bound::Open => None,
            }
        });
        highest = highest.max(Some(last?));
    }
    highest
}
