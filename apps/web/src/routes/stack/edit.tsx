import { Button, Checkbox, Group, NumberInput, Textarea, TextInput } from "@mantine/core";
import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Rollout } from "@netconductor/contracts/tasks/model";
import { type ReactNode, useMemo, useRef } from "react";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { DeviceName } from "../../ui/pick/device-name.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { count } from "../../ui/words.ts";
import { CheckFields } from "./check-fields.tsx";
import { faultAt, type ServiceDraft } from "./draft.ts";
import { readBatchSizes, rolloutWords } from "./rollout-words.ts";
import { ServiceFields } from "./service-fields.tsx";
import styles from "./stack.module.css";
import { StateCheckFields } from "./state-check-fields.tsx";
import type { StackDraftHandle } from "./use-draft.ts";
import { VariableTable } from "./variable-table.tsx";

const stackWords = {
	form: "Definition of the stack",
	title: "Stack",
	unsaved: "Not saved. Devices change only when it is deployed.",
};

/** The definition to fill in, of a stack or of a stack template. Nothing on a device changes by it. */
export function Edit({
	saved,
	handle,
	words = stackWords,
	perDevice = true,
	places = [],
	children,
}: {
	saved: Pick<Stack, "version" | "updated_by">;
	handle: Pick<
		StackDraftHandle,
		"draft" | "change" | "dirty" | "faults" | "saving" | "error" | "outdated" | "save" | "saveOver" | "discard"
	>;
	words?: typeof stackWords;
	/** Whether devices have variables of their own. */
	perDevice?: boolean;
	/** Of a stack template: what stands for values of parameters. */
	places?: readonly string[];
	/** What stands between the name and the services. */
	children?: ReactNode;
}) {
	const { draft, change, dirty, faults, saving, error, outdated } = handle;
	const form = useRef<HTMLFormElement>(null);
	const conflict = error !== null && ["stacks.changed", "stack_templates.changed"].includes(problemOf(error).code);
	const wrong = Object.keys(faults).length;
	const names = draft.services.map(({ name }) => name);
	const elsewhere = useMemo(
		() =>
			new Set(
				[draft.variables, ...draft.device_variables.map(({ variables }) => variables)].flatMap((rows) =>
					rows.map(({ name }) => name),
				),
			),
		[draft.variables, draft.device_variables],
	);

	function setService(at: number, part: Partial<ServiceDraft>): void {
		const before = draft.services[at]?.name ?? "";
		change({
			services: draft.services.map((service, index) => {
				if (index === at) return { ...service, ...part };
				// Who came after it still does when it is called otherwise.
				if (part.name === undefined || before === "" || !service.depends_on.includes(before)) return service;
				return {
					...service,
					depends_on: service.depends_on.map((name) => (name === before ? (part.name ?? "") : name)),
				};
			}),
		});
	}

	return (
		<form
			ref={form}
			className={styles.form}
			noValidate
			aria-label={words.form}
			onSubmit={(event) => {
				event.preventDefault();
				handle.save();
				// The faults are in the page after the next paint.
				requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
			}}
		>
			{(conflict || outdated) && (
				<Notice tone="warn" icon="warning" title="Somebody else saved another version meanwhile" role="alert">
					<div>
						{visibleLine(saved.updated_by)} saved version {saved.version}; yours began from version {draft.version}.
						Nothing of yours is saved yet.
					</div>
					<Group gap="xs">
						<Button variant="default" onClick={handle.discard}>
							Take theirs
						</Button>
						<Button variant="default" loading={saving} onClick={handle.saveOver}>
							Save mine over it
						</Button>
					</Group>
				</Notice>
			)}
			{error !== null && !conflict && <ProblemAlert error={error} />}
			<Panel title={words.title}>
				<div className={styles.body}>
					<TextInput
						label="Name"
						withAsterisk
						maxLength={100}
						autoComplete="off"
						value={draft.name}
						error={faultAt(faults, "name")}
						onChange={({ currentTarget }) => change({ name: currentTarget.value })}
					/>
					<Textarea
						label="Description"
						autosize
						minRows={2}
						maxRows={8}
						maxLength={2000}
						value={draft.description}
						error={faultAt(faults, "description")}
						onChange={({ currentTarget }) => change({ description: currentTarget.value })}
					/>
				</div>
			</Panel>
			{children}
			<Panel title="Services">
				<div className={styles.body}>
					{draft.services.length === 0 && (
						<span className="nc-dim">A service is a template on some devices. Add the first one.</span>
					)}
					{draft.services.map((service, index) => (
						<ServiceFields
							key={service.key}
							service={service}
							index={index}
							last={index === draft.services.length - 1}
							others={names.filter((name, at) => at !== index && name !== "")}
							elsewhere={elsewhere}
							places={places}
							faults={faults}
							onChange={(part) => setService(index, part)}
							onMove={(by) => {
								const services = [...draft.services];
								services.splice(index, 1);
								services.splice(index + by, 0, service);
								change({ services });
							}}
							onRemove={() => change({ services: draft.services.filter((one) => one !== service) })}
						/>
					))}
					<div>
						<Button
							variant="default"
							leftSection={<Icon name="plus" size={14} />}
							onClick={() =>
								change({
									services: [
										...draft.services,
										{
											key: crypto.randomUUID(),
											name: "",
											template_id: null,
											targets: {},
											variables: [],
											depends_on: [],
										},
									],
								})
							}
						>
							Add a service
						</Button>
					</div>
				</div>
			</Panel>
			<Panel title="Variables for all services">
				<div className={styles.body}>
					<span className="nc-small nc-dim">
						Lists and mappings are written as JSON, anything else as it is; a number in double quotes is a text.
					</span>
					<VariableTable
						label="Variables for all services"
						rows={draft.variables}
						faults={faults}
						place="variables"
						onRows={(variables) => change({ variables })}
					/>
				</div>
			</Panel>
			{perDevice && (
				<Panel title="Variables per device">
					<div className={styles.body}>
						<span className="nc-small nc-dim">They win over those of the stack and of its services.</span>
						{draft.device_variables.map(({ device_id, variables }, index) => (
							<div key={device_id} className={styles.service}>
								<div className={styles.serviceHead}>
									<h3>
										<DeviceName id={device_id} />
									</h3>
									<Button
										variant="default"
										size="compact-xs"
										onClick={() =>
											change({ device_variables: draft.device_variables.filter((one) => one.device_id !== device_id) })
										}
									>
										Remove<span className="nc-visually-hidden"> all variables of this device</span>
									</Button>
								</div>
								<VariableTable
									label="Variables of the device"
									rows={variables}
									faults={faults}
									place={`device_variables.${index}`}
									onRows={(rows) =>
										change({
											device_variables: draft.device_variables.map((one) =>
												one.device_id === device_id ? { device_id, variables: rows } : one,
											),
										})
									}
								/>
							</div>
						))}
						<DevicePicker
							label="Device to set variables for"
							placeholder="Add a device"
							size="sm"
							device={undefined}
							without={new Set(draft.device_variables.map(({ device_id }) => device_id))}
							onPick={(picked) =>
								picked &&
								change({
									device_variables: [
										...draft.device_variables,
										{ device_id: picked.id, variables: [{ name: "", text: "" }] },
									],
								})
							}
						/>
					</div>
				</Panel>
			)}
			<Panel title="States before the change">
				<div className={styles.body}>
					<StateCheckFields
						when="before"
						checks={draft.pre_state_checks}
						faults={faults}
						onChecks={(pre_state_checks) => change({ pre_state_checks })}
					/>
				</div>
			</Panel>
			<Panel title="Checks before the change">
				<div className={styles.body}>
					<CheckFields
						when="before"
						checks={draft.pre_checks}
						faults={faults}
						onChecks={(pre_checks) => change({ pre_checks })}
					/>
				</div>
			</Panel>
			<Panel title="States after the change">
				<div className={styles.body}>
					<StateCheckFields
						when="after"
						checks={draft.state_checks}
						faults={faults}
						onChecks={(state_checks) => change({ state_checks })}
					/>
				</div>
			</Panel>
			<Panel title="Checks after the change">
				<div className={styles.body}>
					<CheckFields when="after" checks={draft.checks} faults={faults} onChecks={(checks) => change({ checks })} />
				</div>
			</Panel>
			<RolloutPanel handle={handle} />
			{(dirty || wrong > 0) && (
				<div className={styles.foot}>
					<Button type="submit" loading={saving} disabled={!dirty}>
						Save
					</Button>
					<Button variant="default" onClick={handle.discard}>
						Discard
					</Button>
					<span className={wrong > 0 ? "nc-small nc-bad" : "nc-small nc-dim"} aria-live="polite">
						{wrong > 0 ? `${count(wrong, "thing")} to mend before it can be saved` : words.unsaved}
					</span>
				</div>
			)}
		</form>
	);
}

/** How a deployment spreads, and how long a device waits for its confirmation. */
function RolloutPanel({
	handle: { draft, change, faults },
}: {
	handle: Pick<StackDraftHandle, "draft" | "change" | "faults">;
}) {
	const read = Rollout.safeParse({
		batch_sizes: readBatchSizes(draft.batch_sizes),
		most_failures: Number(draft.most_failures),
		pause_after_first: draft.pause_after_first,
	});
	return (
		<Panel title="Rollout">
			<div className={styles.body}>
				<div className={styles.two}>
					<TextInput
						label="Batches"
						description="Devices of each; the last number repeats: 1, 10"
						autoComplete="off"
						value={draft.batch_sizes}
						error={faultAt(faults, "rollout.batch_sizes") && "Numbers from 1, parted by commas"}
						onChange={({ currentTarget }) => change({ batch_sizes: currentTarget.value })}
					/>
					<NumberInput
						label="Failures it bears"
						description="When more devices fail, no further batch begins"
						min={0}
						max={50_000}
						allowDecimal={false}
						value={draft.most_failures}
						error={faultAt(faults, "rollout.most_failures")}
						onChange={(most_failures) => change({ most_failures })}
					/>
					<NumberInput
						label="Confirm within"
						description="Unconfirmed, a device takes the change back by itself"
						min={60}
						max={3600}
						allowDecimal={false}
						suffix=" s"
						value={draft.confirm_within_s}
						error={faultAt(faults, "confirm_within_s")}
						onChange={(confirm_within_s) => change({ confirm_within_s })}
					/>
				</div>
				<Checkbox
					label="Wait for somebody's word after the first batch"
					checked={draft.pause_after_first}
					onChange={({ currentTarget }) => change({ pause_after_first: currentTarget.checked })}
				/>
				{read.success && <span className="nc-small nc-dim">That is: {rolloutWords(read.data)}.</span>}
			</div>
		</Panel>
	);
}
