import type { templateErrors } from "@netconductor/contracts/config/engine-errors";

export type FaultCode = keyof typeof templateErrors;

/** Where and why a template failed, as plain data that crosses from the thread. */
export interface FaultReport {
	code: FaultCode;
	/** What is wrong, without the place. */
	message: string;
	template: string;
	/** Of the template's source, from 1; 0 where no line is to blame. */
	line: number;
	variable?: string;
	filter?: string;
}

/** Thrown while a template is read or rendered. Place and names are filled in by whoever knows them. */
export class TemplateFault extends Error {
	override readonly name = "TemplateFault";
	readonly code: FaultCode;
	template: string | undefined;
	line: number | undefined;
	variable: string | undefined;
	filter: string | undefined;

	constructor(code: FaultCode, message: string, at: Partial<Omit<FaultReport, "code" | "message">> = {}) {
		super(message);
		this.code = code;
		this.template = at.template;
		this.line = at.line;
		this.variable = at.variable;
		this.filter = at.filter;
	}
}

/** A fault of a value: a filter, test, method or operator cannot work with it. */
export function badValue(message: string): TemplateFault {
	return new TemplateFault("template.bad_value", message);
}

/** Gives a fault of the work the place where it arose, unless it has one. */
export function locate<T>(place: () => { template: string; line: number }, work: () => T): T {
	try {
		return work();
	} catch (error) {
		if (error instanceof TemplateFault && error.line === undefined) Object.assign(error, place());
		throw error;
	}
}
