//! Forms of numbers and flags.

use std::marker::PhantomData;

use toml::de::DeValue;

use crate::config::section::Item;

use super::Form;

/// A whole number within bounds.
#[derive(Debug)]
pub struct Number<T> {
    least: i64,
    most: i64,
    into: PhantomData<fn() -> T>,
}

impl<T> Number<T> {
    /// A whole number from `least` to `most`, which must fit `T`.
    pub const fn between(least: i64, most: i64) -> Self {
        Self {
            least,
            most,
            into: PhantomData,
        }
    }
}

impl<T: TryFrom<i64> + std::fmt::Debug> Form for Number<T> {
    type Value = T;

    fn read(&self, item: &Item<'_>) -> Option<T> {
        let bounds = format!("a {}", self.words());
        let DeValue::Integer(written) = item.value else {
            let help = match item.value {
                DeValue::String(text) if text.parse::<i64>().is_ok() => "remove the quotes",
                _ => "write digits only",
            };
            item.expected(&bounds, help);
            return None;
        };
        let number = i64::from_str_radix(written.as_str(), written.radix()).ok();
        let fits = number.filter(|number| (self.least..=self.most).contains(number));
        let value = fits.and_then(|number| T::try_from(number).ok());
        if value.is_none() {
            item.wrong(
                &format!("{written} is out of range"),
                &format!("write {bounds}"),
            );
        }
        value
    }

    fn words(&self) -> String {
        match self.most {
            i64::MAX => format!("whole number from {}", self.least),
            most => format!("whole number from {} to {most}", self.least),
        }
    }
}

/// A share of a whole: from 0 to 1.
#[derive(Debug)]
pub struct Share;

impl Form for Share {
    type Value = f64;

    fn read(&self, item: &Item<'_>) -> Option<f64> {
        let number = match item.value {
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => {
                item.expected("a share from 0 to 1", "write for example 0.8 for 80 %");
                return None;
            }
        };
        let share = number.filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            let help = match number {
                Some(percent) if percent > 1.0 && percent <= 100.0 => {
                    format!("for {percent} % write {}", percent / 100.0)
                }
                _ => "write for example 0.8 for 80 %".to_owned(),
            };
            item.wrong("not a share from 0 to 1", &help);
        }
        share
    }

    fn words(&self) -> String {
        "share from 0 to 1".to_owned()
    }
}

/// Yes or no.
#[derive(Debug)]
pub struct Flag;

impl Form for Flag {
    type Value = bool;

    fn read(&self, item: &Item<'_>) -> Option<bool> {
        if let DeValue::Boolean(flag) = item.value {
            return Some(*flag);
        }
        item.expected("true or false", "write true or false without quotes");
        None
    }

    fn words(&self) -> String {
        "true or false".to_owned()
    }
}
