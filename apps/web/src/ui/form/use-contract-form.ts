import { useForm } from "@mantine/form";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import type { z } from "zod";
import { problemOf } from "../problem.tsx";
import { useUnsaved } from "./use-unsaved.ts";

interface Wishes<Values extends Record<string, unknown>, Body, Answer> {
	initial: Values;
	/** What the API takes; said beside the fields before anything is sent. Its paths begin with the names of the form's fields. */
	schema: z.ZodType<unknown, Body>;
	/** What was filled in, as the API takes it. */
	toBody: (values: Values) => Body;
	send: (body: Body) => Promise<Answer>;
	onDone: (answer: Answer, values: Values) => void;
	/** Fields that an error code is about: "devices.name_taken" is about the name. */
	about?: Partial<Record<string, keyof Values & string>>;
	/** Parts of the body whose fields are fields of the form: "config" where the server takes `config.servers`. */
	within?: readonly string[];
}

/**
 * A form for one operation of the API: what the contract or the server does not take stands beside its field, what belongs to no field
 * above the form. Leaving the page with something unsaved asks first, and a session that ends meanwhile keeps what was filled in.
 */
export function useContractForm<Values extends Record<string, unknown>, Body, Answer>({
	initial,
	schema,
	toBody,
	send,
	onDone,
	about = {},
	within = [],
}: Wishes<Values, Body, Answer>) {
	const form = useForm<Values>({ initialValues: initial });
	const save = useMutation({
		mutationFn: ({ body }: { body: Body; values: Values }) => send(body),
		onSuccess: (answer, { values }) => {
			form.resetDirty(values);
			noteSaved();
			onDone(answer, values);
		},
		onError: (error) => form.setErrors(errorsBeside(error, Object.keys(initial), about, within)),
	});
	const dirty = form.isDirty();
	const noteSaved = useUnsaved(dirty);

	function submit(event: FormEvent): void {
		event.preventDefault();
		event.stopPropagation();
		const values = form.getValues();
		const body = toBody(values);
		const read = schema.safeParse(body);
		form.clearErrors();
		const errors = read.success ? {} : errorsOf(read.error.issues, values);
		if (Object.keys(errors).length > 0) {
			form.setErrors(errors);
			focusFirstError(event.currentTarget);
			return;
		}
		// What the schema finds beside no field is the server's to say.
		const element = event.currentTarget;
		save.mutate({ body, values }, { onError: () => focusFirstError(element) });
	}

	return {
		form,
		/** Value, change and error of a field, for its input. */
		field: form.getInputProps,
		submit,
		saving: save.isPending,
		dirty,
		/** What went wrong and stands beside no field. */
		problem: save.isError && besideNoField(save.error, Object.keys(initial), about, within) ? save.error : undefined,
		reset: () => {
			form.reset();
			save.reset();
		},
	};
}

type Issue = { readonly code: string; readonly path: readonly PropertyKey[]; readonly message: string };

function errorsOf(issues: readonly Issue[], values: Record<string, unknown>): Record<string, string> {
	const errors: Record<string, string> = {};
	for (const { code, path, message } of issues) {
		const name = String(path[0]);
		if (!(name in values)) continue;
		const value = values[name];
		const missing = value === null || value === undefined || isEmpty(value);
		// What a contract says in words of its own is clearer.
		errors[name] ??= missing && code !== "custom" ? "Required" : message;
	}
	return errors;
}

function isEmpty(value: unknown): boolean {
	return Array.isArray(value) ? value.length === 0 : typeof value === "string" && value.trim() === "";
}

/** `body.port.0` is about the field `port`, and so is `body.config.port` within `config`. */
function fieldOf(path: string, within: readonly string[]): string {
	const [first = "", second] = path.replace(/^(body|query|params)\./, "").split(".");
	return second !== undefined && within.includes(first) ? second : first;
}

function errorsBeside(
	error: unknown,
	fields: readonly string[],
	about: Partial<Record<string, string>>,
	within: readonly string[],
): Record<string, string> {
	const problem = problemOf(error);
	const beside: Record<string, string> = {};
	const named = about[problem.code];
	if (named !== undefined) beside[named] = visibleLine(problem.detail);
	for (const { path, message } of problem.errors ?? []) {
		const field = fieldOf(path, within);
		if (fields.includes(field)) beside[field] ??= visibleLine(message);
	}
	return beside;
}

function besideNoField(
	error: unknown,
	fields: readonly string[],
	about: Partial<Record<string, string>>,
	within: readonly string[],
): boolean {
	const problem = problemOf(error);
	const parts = problem.errors ?? [];
	if (parts.length === 0) return about[problem.code] === undefined;
	return parts.some(({ path }) => !fields.includes(fieldOf(path, within)));
}

function focusFirstError(form: EventTarget): void {
	// The errors are in the page after the next paint.
	requestAnimationFrame(() => {
		if (!(form instanceof HTMLElement)) return;
		const marked = form.querySelector<HTMLElement>("[aria-invalid=true], [data-error=true]");
		// A field of several parts is marked as a whole.
		(marked?.querySelector<HTMLElement>("input, textarea, button") ?? marked)?.focus();
	});
}
