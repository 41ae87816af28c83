//! The search for an attack on one pattern: candidates from the automaton, proof from the matcher.

use crate::ambiguity::{
    Candidate, Choice, Demand, Fate, Graph, Simulation, exponential, polynomial, surviving_pump,
};
use crate::analysis::{Analysis, Config, Verdict};
use crate::attack::{Attack, Budget, Growth, grows_exponentially, polynomial_growth};
use crate::automaton::{Alphabet, Automaton, Counters, Letters, Looks, build};
use crate::matcher::{Matcher, anchored_at_start, compile};
use crate::syntax::{Node, Pattern};
use crate::text::JsText;

pub(crate) struct Search<'a> {
    pattern: &'a Pattern,
    alphabet: &'a Alphabet,
    config: &'a Config,
    runs: Matcher<'a>,
    budget: Budget,
    states_left: u64,
    /// Attacks that are not exponential but may be polynomial.
    slower: Vec<Attack>,
    /// The polynomial attack of highest degree so far.
    best: Option<(f64, Attack)>,
    /// Something was left untried or unproven.
    doubt: bool,
}

/// Most pumps of a text made for [`Config::input_limit`].
const MAX_PUMPED: usize = 100_000;
/// Candidates tried for each kind of growth.
const MAX_CANDIDATES: u32 = 10;
/// Choices of letters tried.
const MAX_ROUNDS: u32 = 6;
/// Verified polynomial attacks compared for the highest degree.
const MAX_VERIFIED: u32 = 3;

impl Search<'_> {
    /// The verdict, or `None` if the automaton would be too large.
    pub(crate) fn analyse(pattern: &Pattern, config: &Config) -> Option<Analysis> {
        let alphabet = Alphabet::new(pattern);
        let program = compile(pattern);
        let mut search = Search {
            pattern,
            alphabet: &alphabet,
            config,
            runs: Matcher::new(&program),
            budget: Budget { left: config.max_steps },
            states_left: config.max_search,
            slower: Vec::new(),
            best: None,
            doubt: false,
        };
        search.run()
    }

    fn run(&mut self) -> Option<Analysis> {
        let automaton = self.automaton(Counters::Copied, Looks::Pass)?;
        let graph = Graph::new(&automaton);
        let blocked =
            if self.pattern.has_look { self.automaton(Counters::Copied, Looks::Block) } else { None };
        let blocked = blocked.map(|automaton| (Graph::new(&automaton), automaton));
        let loose = if self.has_counter() { self.automaton(Counters::Loose, Looks::Pass) } else { None };
        // Some of the steps are kept for what is only polynomial.
        let reserved = self.budget.left / 3;
        self.budget.left -= reserved;
        let exponential = self
            .exponential(&automaton, &graph)
            .or_else(|| blocked.as_ref().and_then(|(graph, blocked)| self.exponential(blocked, graph)))
            .or_else(|| {
                let loose = loose.filter(|loose| loose.loosened)?;
                self.exponential(&loose, &Graph::new(&loose))
            })
            .or_else(|| self.lookbehinds());
        self.budget.left += reserved;
        if let Some(attack) = exponential {
            return Some(self.shown(Verdict::Exponential, attack));
        }
        self.polynomial(&automaton, &graph);
        if self.best.is_none() {
            let slower = std::mem::take(&mut self.slower);
            let _ = slower.into_iter().take(MAX_CANDIDATES as usize).any(|attack| self.keep(attack));
        }
        if let Some((graph, blocked)) = &blocked
            && self.best.is_none()
        {
            self.polynomial(blocked, graph);
        }
        if self.best.is_none() && automaton.states.iter().any(|state| !state.matches.is_empty()) {
            self.polynomial(&automaton, &Graph::through_matches(&automaton));
        }
        Some(match self.best.take() {
            Some((slope, attack)) => self.shown(Verdict::Polynomial { degree: degree(slope) }, attack),
            None if self.doubt => Analysis::plain(Verdict::Suspected),
            None => Analysis::plain(Verdict::Safe),
        })
    }

    fn shown(&mut self, verdict: Verdict, attack: Attack) -> Analysis {
        let steps_at_limit = self.config.input_limit.map(|limit| {
            let rest = limit.saturating_sub(attack.prefix.len() + attack.suffix.len());
            // Longer texts only reach the bound on steps sooner.
            let pumps = (rest / attack.pump.len().max(1)).min(MAX_PUMPED);
            self.runs.search(&attack.text(pumps), self.config.max_steps).0
        });
        Analysis { verdict, attack: Some(attack), steps_at_limit }
    }

    fn automaton(&self, counters: Counters, looks: Looks) -> Option<Automaton> {
        let search = !self.pattern.flags.sticky && !anchored_at_start(self.pattern, self.pattern.root);
        build(self.pattern, self.alphabet, self.pattern.root, false, search, (counters, looks))
    }

    /// Lookbehinds run backward, so their attacks are found on the body read backward, and turned round.
    fn lookbehinds(&mut self) -> Option<Attack> {
        let pattern = self.pattern;
        for node in pattern.nodes() {
            let Node::Look { body, ahead: false, .. } = node else {
                continue;
            };
            let Some(automaton) =
                build(pattern, self.alphabet, *body, true, false, (Counters::Copied, Looks::Pass))
            else {
                self.doubt = true;
                continue;
            };
            let graph = Graph::new(&automaton);
            let mut simulation = Simulation::new(&automaton, self.alphabet.all);
            for candidate in exponential(&graph, Choice::FIRST, MAX_CANDIDATES, &mut self.states_left) {
                for attack in self.attacks(&mut simulation, &graph, &candidate, &mut Letters::default()) {
                    let attack = attack.reversed();
                    if grows_exponentially(&mut self.runs, &attack, false, &mut self.budget) {
                        return Some(attack);
                    }
                    self.keep(attack);
                }
            }
            // Run again at each place of the input, whatever repeats in it makes it quadratic.
            for &state in graph.cyclic.iter().flatten().take(MAX_CANDIDATES as usize) {
                let (Some(way), Some(cycle)) =
                    (graph.way_to(state), graph.cycle(state, &mut self.states_left))
                else {
                    continue;
                };
                let pump = self.text(&[way, cycle].concat()).reversed();
                for suffix in ["", "\n"] {
                    let (prefix, suffix) = (JsText::default(), JsText::from(suffix));
                    if self.keep(Attack { prefix, pump: pump.clone(), suffix }) {
                        break;
                    }
                }
            }
        }
        None
    }

    fn has_counter(&self) -> bool {
        self.pattern.nodes().iter().any(|node| matches!(node, Node::Repeat { max: 5..2_000, .. }))
    }

    fn exponential(&mut self, automaton: &Automaton, graph: &Graph) -> Option<Attack> {
        let mut simulation = Simulation::new(automaton, self.alphabet.all);
        let mut choice = Choice::FIRST;
        for salt in 1..=MAX_ROUNDS {
            if self.states_left == 0 || self.budget.left == 0 {
                self.doubt = true;
                return None;
            }
            let mut ended = Letters::NONE;
            for candidate in exponential(graph, choice, MAX_CANDIDATES, &mut self.states_left) {
                for attack in self.attacks(&mut simulation, graph, &candidate, &mut ended) {
                    if grows_exponentially(&mut self.runs, &attack, automaton.loosened, &mut self.budget) {
                        return Some(attack);
                    }
                    if !automaton.loosened {
                        self.slower.push(attack);
                    }
                }
            }
            if ended.is_empty() {
                return None;
            }
            choice = next_choice(choice, ended, salt);
        }
        None
    }

    fn polynomial(&mut self, automaton: &Automaton, graph: &Graph) {
        let mut simulation = Simulation::new(automaton, self.alphabet.all);
        let mut choice = Choice::FIRST;
        let mut unproven: Vec<Candidate> = Vec::new();
        for salt in 1..=MAX_ROUNDS {
            if self.states_left == 0 || self.budget.left == 0 {
                self.doubt = true;
                return;
            }
            let found = polynomial(graph, choice, &mut self.states_left);
            self.doubt |= found.cut;
            let (mut verified, mut tried) = (0, 0);
            let mut ended = Letters::NONE;
            for (_, candidate) in &found.candidates {
                let attacks = self.attacks(&mut simulation, graph, candidate, &mut ended);
                tried += u32::from(!attacks.is_empty());
                let proven = attacks.into_iter().any(|attack| self.keep(attack));
                verified += u32::from(proven);
                if !proven && salt == 1 && simulation.searching(candidate.from) {
                    unproven.push(candidate.clone());
                }
                if verified >= MAX_VERIFIED || tried >= 2 * MAX_CANDIDATES {
                    break;
                }
            }
            if self.best.is_some() {
                return;
            }
            if salt == 1 && self.surviving(&mut simulation, graph, &unproven) || ended.is_empty() {
                return;
            }
            choice = next_choice(choice, ended, salt);
        }
    }

    /// Tries again what a match ended, with texts that none ends; whether one was verified.
    fn surviving(&mut self, simulation: &mut Simulation<'_>, graph: &Graph, unproven: &[Candidate]) -> bool {
        unproven.iter().take(MAX_CANDIDATES as usize).any(|candidate| {
            let Some(pump) =
                surviving_pump(simulation, graph, self.alphabet.all, candidate, &mut self.states_left)
            else {
                return false;
            };
            let candidate = Candidate { pump, ..candidate.clone() };
            let attacks = self.attacks(simulation, graph, &candidate, &mut Letters::default());
            attacks.into_iter().any(|attack| self.keep(attack))
        })
    }

    /// Measures an attack and keeps it if it is the best; whether it grows at all.
    fn keep(&mut self, attack: Attack) -> bool {
        let Growth::Polynomial(slope) = polynomial_growth(&mut self.runs, &attack, &mut self.budget) else {
            return false;
        };
        if self.best.as_ref().is_none_or(|(best, _)| slope > best + 0.2) {
            self.best = Some((slope, attack));
        }
        true
    }

    /// The texts that a candidate may stand for; `ended` collects letters to avoid if it cannot be one.
    fn attacks(
        &mut self,
        simulation: &mut Simulation<'_>,
        graph: &Graph,
        candidate: &Candidate,
        ended: &mut Letters,
    ) -> Vec<Attack> {
        let Some(way) = self.prefix(simulation, graph, candidate, ended) else {
            return Vec::new();
        };
        let (prefix, pump) = (self.text(&way), self.text(&candidate.pump));
        let mut suffixes: Vec<JsText> = Vec::new();
        for all_fail in [true, false] {
            for through_looks in [false, true] {
                match simulation.fate(
                    &way,
                    candidate,
                    Demand { all_fail, through_looks },
                    &mut self.states_left,
                ) {
                    Fate::Fails(suffix) => suffixes.push(self.text(&suffix)),
                    Fate::Ends(letter) => ended.insert(letter),
                    Fate::Succeeds => ended.insert(candidate.pump.last().copied().unwrap_or_default()),
                    Fate::Unknown => suffixes.extend(["\n", "!", "\u{0}"].map(JsText::from)),
                }
                if !self.pattern.has_look {
                    break;
                }
            }
        }
        let wanted = self.wanted_by_lookaheads();
        if !wanted.is_empty() {
            for suffix in suffixes.clone() {
                suffixes.push([wanted.units(), suffix.units()].concat().into());
            }
        }
        let mut attacks: Vec<Attack> = Vec::new();
        for suffix in suffixes {
            if attacks.iter().all(|attack| attack.suffix != suffix) {
                attacks.push(Attack { prefix: prefix.clone(), pump: pump.clone(), suffix });
            }
        }
        attacks
    }

    /// A text that leads to where the candidate begins, without a match on the way or while it is pumped.
    fn prefix(
        &mut self,
        simulation: &mut Simulation<'_>,
        graph: &Graph,
        candidate: &Candidate,
        ended: &mut Letters,
    ) -> Option<Vec<usize>> {
        let mut ways: Vec<Vec<usize>> = graph.way_to(candidate.from).into_iter().collect();
        if simulation.searching(candidate.from) {
            // Any text leads there that is not matched: the pump itself, or any letter before it.
            ways.push(Vec::new());
            let others = self.alphabet.all.iter().map(|letter| vec![letter]);
            ways.extend(others.take(MAX_CANDIDATES as usize));
        }
        for way in ways {
            if self.states_left == 0 {
                self.doubt = true;
                return None;
            }
            match simulation.survives(&way, candidate, &mut self.states_left) {
                Ok(()) => return Some(way),
                Err(letter) => ended.insert(letter),
            }
        }
        None
    }

    /// A character for the end of each positive lookahead: `(?=.*\d)` finds it wherever it stands.
    fn wanted_by_lookaheads(&self) -> JsText {
        let pattern = self.pattern;
        let last = |body| {
            let mut id = body;
            loop {
                id = match pattern.node(id) {
                    Node::Set(set) => return self.alphabet.of(set.0 as usize).first(),
                    Node::Concat(nodes) => *nodes.last()?,
                    Node::Capture { body, .. } | Node::Repeat { body, .. } => *body,
                    _ => return None,
                };
            }
        };
        let letters: Vec<usize> = pattern
            .nodes()
            .iter()
            .filter_map(|node| match node {
                Node::Look { body, ahead: true, negated: false } => last(*body),
                _ => None,
            })
            .collect();
        self.text(&letters)
    }

    fn text(&self, letters: &[usize]) -> JsText {
        JsText::from_code_points(letters.iter().map(|&letter| self.alphabet.character(letter)))
    }
}

/// Avoids what ended the last round; when that was avoided already, mixes the letters.
fn next_choice(choice: Choice, ended: Letters, salt: u32) -> Choice {
    if salt <= 2 && !ended.minus(choice.avoid).is_empty() {
        Choice { avoid: choice.avoid.or(ended), salt: 0 }
    } else {
        Choice { avoid: Letters::NONE, salt }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 60")]
fn degree(slope: f64) -> u32 {
    slope.round().clamp(2.0, 60.0) as u32
}
