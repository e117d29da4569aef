//! Comparison rules as the bureau keeps them.

use crate::app::clues::rules::{self, TriedOne};
use crate::http::auth::SignedIn;
use crate::http::contract::Tag;
use crate::http::error::Answer;
use crate::http::json::Json;
use crate::program::Program;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::{Any, Example};
use poem_openapi::{Object, OpenApi};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

pub struct ClueRules;

/// A comparison rule: a row, whose condition is data.
#[derive(Object)]
#[oai(deny_unknown_fields, example, skip_serializing_if_is_none)]
struct ClueRule {
    /// Its name for ever: 3 to 60 small letters, digits and `_`.
    #[oai(validator(max_length = 60))]
    code: String,
    /// Its number in the county's table of comparisons.
    number: u8,
    /// What the cadre reads, 1 to 200 characters.
    #[oai(validator(max_length = 400))]
    says: String,
    /// What must hold of a person. `{"all":[…]}`, `{"any":[…]}`, `{"not":…}`; `{"on":list}`, `{"twice":list}`,
    /// `"registered"`, `{"aged":years}`, `{"household":{"at_most":n}}`; of cells `{"every":{"list","column","among":[…]}}`,
    /// `{"some":…}`, `{"differ":{"list","column"}}`, `{"shared":{"list","column","more_than":n}}`,
    /// `{"at_least":{"list","column","yuan":n}}`, `{"passed":{"list","column","months":n}}`. Lists are kinds of list, also
    /// called `elder`, `dibao` and `disabled`, each also with `_before` for the month before, and `visits` and `conflicts`;
    /// columns are headers.
    when: Any<Value>,
    /// `entitled`, `overpaid` or `data`.
    #[oai(validator(max_length = 20))]
    severity: String,
    /// The list whose department answers.
    #[oai(validator(max_length = 40))]
    owner: String,
    /// The provision that it rests on.
    #[oai(validator(max_length = 400))]
    basis: Option<String>,
    /// Money at stake: `{"list","column","since_list","since_column"}`.
    money: Option<Any<Value>>,
    /// First day on which it runs, `YYYY-MM-DD`.
    #[oai(validator(max_length = 10))]
    from: Option<String>,
    /// Last day on which it runs, `YYYY-MM-DD`.
    #[oai(validator(max_length = 10))]
    until: Option<String>,
}

impl Example for ClueRule {
    fn example() -> Self {
        ClueRule {
            code: "aged90_not_enrolled".into(),
            number: 5,
            says: "户籍人口已满九十周岁，未在高龄津贴名册".into(),
            when: Any(json!({ "all": ["registered", { "aged": 90 }, { "not": { "on": "elder" } }] })),
            severity: "entitled".into(),
            owner: "elder".into(),
            basis: None,
            money: None,
            from: None,
            until: None,
        }
    }
}

impl ClueRule {
    fn into_json(self) -> Value {
        json!({
            "code": self.code, "number": self.number, "says": self.says, "when": self.when.0,
            "severity": self.severity, "owner": self.owner, "basis": self.basis.unwrap_or_default(),
            "money": self.money.map(|money| money.0), "from": self.from, "until": self.until,
        })
    }

    fn of(json: &Value) -> ClueRule {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let given = |key: &str| json[key].as_str().map(str::to_owned);
        ClueRule {
            code: text("code"),
            number: json["number"]
                .as_u64()
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
            says: text("says"),
            when: Any(json["when"].clone()),
            severity: text("severity"),
            owner: text("owner"),
            basis: given("basis").filter(|text| !text.is_empty()),
            money: Some(json["money"].clone())
                .filter(|money| !money.is_null())
                .map(Any),
            from: given("from"),
            until: given("until"),
        }
    }
}

#[derive(Object)]
struct ClueRuleList {
    /// All of them, by number and code.
    items: Vec<ClueRule>,
}

/// When a rule runs for the last time.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct ClueRuleEnd {
    /// `YYYY-MM-DD`; yesterday by default.
    #[oai(validator(max_length = 10))]
    until: Option<String>,
}

impl Example for ClueRuleEnd {
    fn example() -> Self {
        ClueRuleEnd {
            until: Some("2026-12-31".into()),
        }
    }
}

/// Somebody whom a rule would find.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct TriedClue {
    /// The resident; absent for who is none.
    resident: Option<Uuid>,
    /// The village, as far as it is known.
    village: Option<Uuid>,
    /// Who it is.
    person: BTreeMap<String, String>,
    /// Months in which money may have been paid without reason.
    months: Option<u32>,
    /// Fen in all of them.
    fen: Option<i64>,
}

/// What a rule would find now.
#[derive(Object)]
struct TriedClueRule {
    /// Lists that it reads and nobody has handed in: it does not run before they are there.
    missing: Vec<String>,
    /// How many people it would find.
    found: u64,
    /// The first of them, 100 at most.
    items: Vec<TriedClue>,
}

impl From<TriedOne> for TriedClue {
    fn from(one: TriedOne) -> TriedClue {
        TriedClue {
            resident: one.resident,
            village: one.village,
            person: one.body.person,
            months: one.body.stake.map(|(months, _)| months),
            fen: one.body.stake.map(|(_, fen)| fen),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/clue-rules", tag = "Tag::Clues")]
impl ClueRules {
    /// All comparison rules, ended ones too
    #[oai(path = "/", method = "get", operation_id = "list_clue_rules")]
    async fn list(&self, program: Data<&Program>, who: SignedIn) -> Answer<Json<ClueRuleList>> {
        let all = rules::list(&program, &who.0).await?;
        let items = all.iter().map(|rule| ClueRule::of(&rules::shown(rule)));
        Ok(Json(ClueRuleList {
            items: items.collect(),
        }))
    }

    /// Add a rule, which runs from the next night on
    ///
    /// A rule is never rewritten: another condition is another rule (409 `rule_exists`).
    #[oai(path = "/", method = "post", operation_id = "add_clue_rule")]
    async fn add(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<ClueRule>,
    ) -> Answer<Json<ClueRule>> {
        let rule = rules::read(body.0.into_json())?;
        rules::add(&program, &who.0, &rule).await?;
        Ok(Json(ClueRule::of(&rules::shown(&rule))))
    }

    /// Say whom a rule would find now; nothing is written but that somebody looked
    #[oai(path = "/dry-run", method = "post", operation_id = "try_clue_rule")]
    async fn dry_run(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<ClueRule>,
    ) -> Answer<Json<TriedClueRule>> {
        let rule = rules::read(body.0.into_json())?;
        let tried = rules::dry_run(&program, &who.0, &rule).await?;
        Ok(Json(TriedClueRule {
            missing: tried.missing,
            found: tried.found as u64,
            items: tried.shown.into_iter().map(TriedClue::from).collect(),
        }))
    }

    /// End a rule; what it found stays as it is
    #[oai(path = "/:code/end", method = "post", operation_id = "end_clue_rule")]
    async fn end(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The rule's code.
        #[oai(validator(max_length = 60), example = "code_example")]
        code: Path<String>,
        body: Json<ClueRuleEnd>,
    ) -> Answer<Json<ClueRule>> {
        let rule = rules::end(&program, &who.0, &code, body.0.until.as_deref()).await?;
        Ok(Json(ClueRule::of(&rules::shown(&rule))))
    }
}

fn code_example() -> String {
    "aged80_not_enrolled".to_owned()
}
