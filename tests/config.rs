//! The configuration file: one file per mistake, with the words that the user gets beside it.

use occtop::config::Config;

#[test]
fn smoke() {
    for text in [
        "[display]\nthem = 'x'\n[[source]]\nname = 'Opap'\nvendor='bespt'\npassword='hunter2'\n[[store]]\nname='x'\ncapacity=0\nmembers=['opa/1','y']\n",
        "[[source]]\nname='opap'\nvendor='bespot'\nurl='https://u:p@h/'\nusername='m'\npassword=12\ntimeout=15\nstore_codes=[116500]\nperiod='0s'\n[[source]]\nname='opap'\nvendor='viametrics'\n[source.endpoints]\ngroups='POST /x'\n",
        "a = 12o\npassword = \"hunter2\nc=1\nc=2\n[x\n",
    ] {
        println!("{}\n-----", Config::parse(text, "occtop.toml").unwrap_err());
    }
    let ok = Config::parse("[[source]]\nname='opap'\nvendor='bespot'\nurl='https://h/api'\nusername='m'\npassword='12'\n[[store]]\nname='x'\nmembers=['opap/1','opap/1']\n[store.hours]\nmon-fri='09:00-21:00'\nsat=['24h']\n[store.closed]\ndates=[2026-12-25, '2026-12-26']\n", "x.toml").unwrap();
    println!("{ok:#?}");
}
