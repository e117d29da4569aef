//! Random histories of one record: who made which edit having seen what, and in which other orders they may arrive.

use crate::catalogue;
use crate::desk::{Desk, cadre, edit, list, phone};
use domain::EditId;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use sync::base::Base;
use sync::{Door, Edit, State, Writer};

pub const PHONES: usize = 4;
/// The phone that still carries the person after the grid has lost it.
const LEAVING: usize = 3;

/// What somebody does, small and without meaning by itself so that a failing history shrinks.
#[derive(Clone, Debug)]
pub enum Step {
    /// The phone asks for the record as it stands.
    Pull(usize),
    /// The phone makes an edit with what it sees.
    Make(usize, Vec<Say>),
    /// The phone's oldest edit that waits reaches the server.
    Push(usize),
    /// An edit that names a version of another life.
    Lost(usize, Say),
    /// A cadre writes, seeing everything.
    Decide(Say),
    /// A department's committed list says something; it names no version.
    List(Say),
}

/// One thing that an edit says.
#[derive(Clone, Debug)]
pub enum Say {
    Register(usize, usize),
    /// Inserts text, or cuts some out, at a place given in percent.
    Note {
        key: usize,
        at: usize,
        cut: usize,
        word: usize,
    },
    Set {
        key: usize,
        add: Vec<usize>,
        remove: Vec<usize>,
    },
    Confirm(usize),
    /// What it was is right or not.
    Fact(usize, usize, bool),
    Visit(usize),
    Report,
}

const REGISTERS: [&str; 4] = ["phone", "phone_other", "address", "guardian_name"];
const NOTES: [&str; 2] = ["remarks", "night_visits"];
const SETS: [&str; 2] = ["needs", "tools"];
const FACTS: [&str; 3] = ["name", "ethnicity", "disabled.grade"];
const CONFIRMED: [&str; 6] = ["phone", "needs", "tools", "remarks", "name", "guardian_name"];
const ELEMENTS: [&str; 3] = ["轮椅", "送餐", "护理床"];
const WORDS: [&str; 6] = ["", "独居", "已上门", "电话不通", "老人👨‍👩‍👧", "\r\n"];

fn value(key: &str, n: usize) -> Json {
    let of = |values: [&str; 3]| values.get(n).map_or(Json::Null, |v| Json::from(*v));
    match key {
        "phone" | "phone_other" => of(["13900078411", "13900078412", "+86 13900078412"]),
        "address" => of(["良围村旧围1号", "良围村 旧围1号", "仙溪村3号"]),
        "ethnicity" => of(["汉", "壮", "瑶"]),
        "disabled.grade" => of(["一级", "二级", "三级"]),
        _ => of(["黎阿妹", "温好彩", "郭金娣"]),
    }
}

fn say() -> impl Strategy<Value = Say> {
    let some = || prop::collection::vec(0..ELEMENTS.len(), 0..3);
    prop_oneof![
        4 => (0..REGISTERS.len(), 0..4_usize).prop_map(|(key, n)| Say::Register(key, n)),
        4 => (0..NOTES.len(), 0..100_usize, 0..6_usize, 0..WORDS.len())
            .prop_map(|(key, at, cut, word)| Say::Note { key, at, cut, word }),
        3 => (0..SETS.len(), some(), some()).prop_map(|(key, add, remove)| Say::Set { key, add, remove }),
        2 => (0..CONFIRMED.len()).prop_map(Say::Confirm),
        2 => (0..FACTS.len(), 0..4_usize, any::<bool>()).prop_map(|(key, n, right)| Say::Fact(key, n, right)),
        1 => (0..28_usize).prop_map(Say::Visit),
        1 => Just(Say::Report),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let phone = || 0..PHONES;
    prop_oneof![
        3 => phone().prop_map(Step::Pull),
        6 => (phone(), prop::collection::vec(say(), 1..4)).prop_map(|(p, says)| Step::Make(p, says)),
        4 => phone().prop_map(Step::Push),
        1 => (phone(), say()).prop_map(|(p, say)| Step::Lost(p, say)),
        2 => say().prop_map(Step::Decide),
        1 => say().prop_map(Step::List),
    ]
}

/// An edit that the server took: what it stood on, and what must have arrived before it.
pub struct Arrival {
    pub edit: Edit,
    pub writer: Writer,
    pub base: Base,
    /// Places, in the first run, of the edits that have to come before it in any run.
    pub after: Vec<usize>,
}

/// What a phone has on its screen, and what it has not sent yet.
#[derive(Default)]
struct Screen {
    base: Option<String>,
    /// Edits that the base names are those before this place.
    seen: usize,
    fields: Json,
    notes: BTreeMap<&'static str, String>,
    unsent: Vec<(Edit, usize)>,
    made: i64,
    own: Vec<usize>,
}

struct Run {
    desk: Desk,
    screens: Vec<Screen>,
    arrivals: Vec<Arrival>,
    ids: Vec<u64>,
}

/// Plays the steps in the order given; whatever is unsent at the end arrives phone by phone.
pub fn play(steps: &[Step], created: bool, ids: &[u64]) -> (Desk, Vec<Arrival>) {
    let catalogue = catalogue::at(8);
    let state = if created { State::Reported } else { State::Present };
    let mut run = Run {
        desk: Desk::new(catalogue, state),
        screens: (0..PHONES).map(|_| Screen::default()).collect(),
        arrivals: Vec::new(),
        ids: ids.to_vec(),
    };
    run.begin(created);
    for step in steps {
        run.step(step);
    }
    for phone in 0..PHONES {
        while run.push(phone) {}
    }
    (run.desk, run.arrivals)
}

impl Run {
    /// The first edit: a worker's create, or a department's list row.
    fn begin(&mut self, created: bool) {
        let mut parts = json!({"fields": {
            "name": {"was": null, "now": "黎阿妹"}, "phone": {"was": null, "now": "13900078411"},
        }});
        let mut writer = list("民政");
        if created {
            parts["create"] = json!({"grid": EditId::from_bytes([9; 16]).to_string()});
            writer = phone(0);
        }
        let first = self.edit(None, 1, &parts);
        self.screens[0].made = 1;
        if created {
            self.screens[0].own.push(0);
        }
        self.arrive(first, writer, Vec::new());
        (0..PHONES).for_each(|phone| self.pull(phone));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Pull(phone) => self.pull(*phone),
            Step::Make(phone, says) => {
                let screen = &mut self.screens[*phone];
                let (base, seen) = (screen.base.clone(), screen.seen);
                let parts = parts(says, &mut screen.notes, &screen.fields);
                screen.made += 1;
                let made = screen.made;
                let edit = self.edit(base.as_deref(), made, &parts);
                self.screens[*phone].unsent.push((edit, seen));
            }
            Step::Push(phone) => {
                self.push(*phone);
            }
            Step::Lost(phone, say) => {
                while self.push(*phone) {}
                let screen = &mut self.screens[*phone];
                let mut notes = BTreeMap::from([("remarks", "旧备注".to_owned())]);
                let parts = parts(std::slice::from_ref(say), &mut notes, &screen.fields);
                screen.made += 1;
                let made = screen.made;
                let edit = self.edit(Some("AAEAAAABAAAAAAAAAAA"), made, &parts);
                self.send(*phone, edit, 0);
            }
            Step::Decide(say) => {
                let mut notes = notes(&self.desk);
                let parts = parts(std::slice::from_ref(say), &mut notes, &self.desk.fields());
                let edit = self.edit(Some(&self.desk.version()), 1, &parts);
                let all = (0..self.arrivals.len()).collect();
                self.arrive(edit, cadre(), all);
            }
            Step::List(say) => {
                let mut notes = BTreeMap::new();
                let fields = self.desk.fields();
                let parts = parts(std::slice::from_ref(say), &mut notes, &fields);
                let edit = self.edit(None, 1, &parts);
                self.arrive(edit, list("残联"), Vec::new());
            }
        }
    }

    fn pull(&mut self, phone: usize) {
        let screen = &mut self.screens[phone];
        screen.base = Some(self.desk.version());
        screen.seen = self.arrivals.len();
        screen.fields = self.desk.fields();
        // What is typed on top of unsent edits is typed on them.
        if screen.unsent.is_empty() {
            screen.notes = notes(&self.desk);
        }
    }

    fn push(&mut self, phone: usize) -> bool {
        if self.screens[phone].unsent.is_empty() {
            return false;
        }
        let (edit, seen) = self.screens[phone].unsent.remove(0);
        self.send(phone, edit, seen);
        true
    }

    fn send(&mut self, n: usize, edit: Edit, seen: usize) {
        let place = self.arrivals.len();
        let after = (0..seen).chain(self.screens[n].own.iter().copied()).collect();
        self.screens[n].own.push(place);
        let mut writer = phone(n as u8);
        if n == LEAVING {
            writer.door = Door::LeavingPhone;
        }
        self.arrive(edit, writer, after);
    }

    fn arrive(&mut self, edit: Edit, writer: Writer, mut after: Vec<usize>) {
        let base = self.desk.base(&edit, &writer);
        let taken = self.desk.take_at(&edit, &base, &writer);
        if taken.changed_meanwhile.is_some() {
            return; // The console is told, and nothing happened.
        }
        // Writes of facts, and edits without a known base, keep their order.
        let facts = |edit: &Edit| edit.fields.keys().any(|key| FACTS.contains(&key.as_str()));
        let kept = |a: &Arrival| a.base.is_unknown() || base.is_unknown() || facts(&a.edit) && facts(&edit);
        after.extend(
            self.arrivals
                .iter()
                .enumerate()
                .filter(|(n, a)| *n == 0 || kept(a))
                .map(|(n, _)| n),
        );
        self.arrivals.push(Arrival {
            edit,
            writer,
            base,
            after,
        });
    }

    fn edit(&mut self, base: Option<&str>, seq: i64, parts: &Json) -> Edit {
        // Ids decide ties, so they must not follow the order in which edits are made.
        let place = self.arrivals.len() + self.screens.iter().map(|s| s.unsent.len()).sum::<usize>();
        let noise = self.ids[place % self.ids.len()];
        let id = (u128::from(noise) << 64) | (place as u128 + 1);
        edit(EditId::from_bytes(id.to_be_bytes()), seq, 8, base, parts)
    }
}

fn notes(desk: &Desk) -> BTreeMap<&'static str, String> {
    let fields = desk.fields();
    let text = |key| fields.get(key).and_then(Json::as_str).map(str::to_owned);
    NOTES
        .into_iter()
        .filter_map(|key| Some((key, text(key)?)))
        .collect()
}

/// The members of one edit that says all of it.
fn parts(says: &[Say], notes: &mut BTreeMap<&'static str, String>, fields: &Json) -> Json {
    let mut parts = json!({"fields": {}, "confirm": []});
    for say in says {
        match say {
            Say::Register(key, n) => {
                let key = REGISTERS[*key];
                parts["fields"][key] = json!({"was": "13900078411", "now": value(key, *n)});
            }
            Say::Fact(key, n, right) => {
                let key = FACTS[*key];
                let present = fields.get(key).cloned().unwrap_or_default();
                let was = if *right { present } else { value(key, n + 1) };
                parts["fields"][key] = json!({"was": was, "now": value(key, *n)});
            }
            Say::Note { key, at, cut, word } => {
                let old = notes.entry(NOTES[*key]).or_default();
                let letters: Vec<char> = old.chars().collect();
                let at = letters.len() * at / 100;
                let end = letters.len().min(at + cut);
                let new: String = letters[..at]
                    .iter()
                    .copied()
                    .chain(WORDS[*word].chars())
                    .chain(letters[end..].iter().copied())
                    .collect();
                parts["fields"][NOTES[*key]] = json!({"was": old, "now": new});
                *old = new.replace("\r\n", "\n");
            }
            Say::Set { key, add, remove } => {
                let elements = |of: &[usize]| of.iter().map(|n| ELEMENTS[*n]).collect::<Vec<_>>();
                parts["fields"][SETS[*key]] = json!({"add": elements(add), "remove": elements(remove)});
            }
            Say::Confirm(key) => {
                let key = CONFIRMED[*key];
                let all = parts["confirm"].as_array_mut().unwrap();
                if !all.contains(&key.into()) {
                    all.push(key.into());
                }
            }
            Say::Visit(day) => {
                let at = format!("2026-10-{:02}T08:00:00Z", 1 + day);
                parts["visit"] = json!({"means": "home", "outcome": "met", "at": at, "text": "已上门"});
            }
            Say::Report => parts["report"] = json!({"kind": "moved_out", "date": "2026-10-01"}),
        }
    }
    parts
}
