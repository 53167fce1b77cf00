pub fn of_a_day() -> String {
    String::new()
}
