export async function run_raw_cases() { return { passed: 0, failed: 0 }; }
