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
}: Wishes<Values, Body, Answer>) {
	const form = useForm<Values>({ initialValues: initial });
	const save = useMutation({
		mutationFn: ({ body }: { body: Body; values: Values }) => send(body),
		onSuccess: (answer, { values }) => {
			form.resetDirty(values);
			noteSaved();
			onDone(answer, values);
		},
		onError: (error) => form.setErrors(errorsBeside(error, Object.keys(initial), about)),
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
		save.mutate({ body, values });
	}

	return {
		form,
		/** Value, change and error of a field, for its input. */
		field: form.getInputProps,
		submit,
		saving: save.isPending,
		dirty,
		/** What went wrong and stands beside no field. */
		problem: save.isError && besideNoField(save.error, Object.keys(initial), about) ? save.error : undefined,
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
		const missing = value === null || value === undefined || (typeof value === "string" && value.trim() === "");
		// What a contract says in words of its own is clearer.
		errors[name] ??= missing && code !== "custom" ? "Required" : message;
	}
	return errors;
}

/** `body.port.0` is about the field `port`. */
function fieldOf(path: string): string {
	return path.replace(/^(body|query|params)\./, "").split(".")[0] ?? "";
}

function errorsBeside(
	error: unknown,
	fields: readonly string[],
	about: Partial<Record<string, string>>,
): Record<string, string> {
	const problem = problemOf(error);
	const beside: Record<string, string> = {};
	const named = about[problem.code];
	if (named !== undefined) beside[named] = visibleLine(problem.detail);
	for (const { path, message } of problem.errors ?? []) {
		const field = fieldOf(path);
		if (fields.includes(field)) beside[field] ??= visibleLine(message);
	}
	return beside;
}

function besideNoField(error: unknown, fields: readonly string[], about: Partial<Record<string, string>>): boolean {
	const problem = problemOf(error);
	const parts = problem.errors ?? [];
	if (parts.length === 0) return about[problem.code] === undefined;
	return parts.some(({ path }) => !fields.includes(fieldOf(path)));
}

function focusFirstError(form: EventTarget): void {
	// The errors are in the page after the next paint.
	requestAnimationFrame(() => {
		if (form instanceof HTMLElement) form.querySelector<HTMLElement>("[aria-invalid=true], [data-error=true]")?.focus();
	});
}
