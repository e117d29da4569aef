//! Licence expressions as package manifests write them.

/// Whether the licences in `accepted` are enough for `expression`: `OR` (or the older `/`) lets us choose, `AND`
/// asks for both. An expression that cannot be read is not satisfied.
pub fn satisfied(expression: &str, accepted: &[&str]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        accepted,
    };
    let answer = reader.any();
    reader.words.is_empty() && answer.unwrap_or(false)
}

struct Reader<'a> {
    words: &'a [&'a str],
    accepted: &'a [&'a str],
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut answer = self.all()?;
        while self.takes("OR") {
            answer |= self.all()?;
        }
        Some(answer)
    }

    fn all(&mut self) -> Option<bool> {
        let mut answer = self.one()?;
        while self.takes("AND") {
            answer &= self.one()?;
        }
        Some(answer)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let answer = self.any()?;
            return self.takes(")").then_some(answer);
        }
        let mut licence = self.next()?.to_owned();
        if self.takes("WITH") {
            licence = format!("{licence} WITH {}", self.next()?);
        }
        Some(self.accepted.contains(&licence.as_str()))
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn next(&mut self) -> Option<&str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}
