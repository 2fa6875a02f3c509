import { redactText } from "@netconductor/runtime/redact";

/** What one check found. */
export interface Finding {
	check: string;
	/** `skipped`: could not be looked at; why is in `detail`. */
	status: "ok" | "warning" | "failed" | "skipped";
	detail: string;
	/** What to do about it. */
	mend?: string;
}

export function ok(check: string, detail: string): Finding {
	return { check, status: "ok", detail };
}

export function warning(check: string, detail: string, mend: string): Finding {
	return { check, status: "warning", detail, mend };
}

export function broken(check: string, detail: string, mend: string): Finding {
	return { check, status: "failed", detail, mend };
}

export function skipped(check: string, detail: string): Finding {
	return { check, status: "skipped", detail };
}

/** What an error says, for a finding: its message alone, without secrets. */
export function reasonOf(error: unknown): string {
	if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
	return redactText(error instanceof Error ? error.message || error.name : String(error));
}
