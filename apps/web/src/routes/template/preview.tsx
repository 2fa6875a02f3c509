import { Button, Group, SegmentedControl, Textarea } from "@mantine/core";
import type { RenderedTemplate, TemplateVariable } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMemo, useState } from "react";
import { usePermitted } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { problemOf } from "../../ui/problem.tsx";
import { count } from "../../ui/words.ts";
import styles from "./template.module.css";
import type { Values } from "./values.ts";
import { VariableFields } from "./variable-fields.tsx";

/** What the template is rendered with: a form made of its variables, or the same as JSON, and a device. */
export function Inputs({
	variables,
	values,
	onValues,
	device,
	onDevice,
}: {
	/** Undefined until they are known. */
	variables: readonly TemplateVariable[] | undefined;
	values: Values;
	onValues: (values: Values) => void;
	device: string | undefined;
	onDevice: (id: string | undefined) => void;
}) {
	const [as, setAs] = useState<"form" | "json">("form");
	const mayReadDevices = usePermitted()("devices:read");
	// A device brings what `device` says.
	const asked = (variables ?? []).filter(({ name }) => !(device !== undefined && name === "device"));
	return (
		<Panel
			title="Variables"
			actions={
				<SegmentedControl
					size="xs"
					aria-label="How to fill them in"
					value={as}
					onChange={(value) => setAs(value as typeof as)}
					data={[
						{ value: "form", label: "Form" },
						{ value: "json", label: "JSON" },
					]}
				/>
			}
		>
			<div className={`${styles.values} ${styles.fields}`}>
				{mayReadDevices && (
					<DevicePicker
						label="Device to render for"
						heading="Device"
						placeholder="None: the values below alone"
						device={device === undefined ? undefined : { id: device }}
						onPick={(picked) => onDevice(picked?.id)}
						clearable
					/>
				)}
				{as === "json" ? (
					<AsJson values={values} onValues={onValues} />
				) : variables === undefined ? null : asked.length === 0 ? (
					<span className="nc-dim nc-small">
						{device === undefined || variables.length === 0
							? "The template needs nothing from outside."
							: "The device brings all that the template needs."}
					</span>
				) : (
					<VariableFields variables={asked} values={values} onValues={onValues} />
				)}
			</div>
		</Panel>
	);
}

function AsJson({ values, onValues }: { values: Values; onValues: (values: Values) => void }) {
	const [typed, setTyped] = useState(() => JSON.stringify(values, null, 2));
	const [fault, setFault] = useState(false);
	return (
		<Textarea
			size="xs"
			label="Values as JSON"
			autosize
			minRows={6}
			maxRows={24}
			spellCheck={false}
			value={typed}
			error={fault ? "This is no JSON mapping yet" : undefined}
			onChange={({ currentTarget: { value } }) => {
				setTyped(value);
				const read = mappingOf(value);
				setFault(read === undefined);
				if (read !== undefined) onValues(read);
			}}
		/>
	);
}

function mappingOf(text: string): Values | undefined {
	try {
		const read: unknown = JSON.parse(text);
		return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as Values) : undefined;
	} catch {
		return undefined;
	}
}

/** The text that came out, or why none did. */
export function Result({
	rendered,
	error,
	fetching,
	onRetry,
}: {
	rendered: RenderedTemplate | undefined;
	error: unknown;
	fetching: boolean;
	onRetry: () => void;
}) {
	const lines = useMemo(() => visibleLines(rendered?.text ?? ""), [rendered]);
	const problem = error === null ? undefined : problemOf(error);
	return (
		<Panel
			title="Result"
			actions={rendered !== undefined && problem === undefined && <CopyButton text={rendered.text} label="Copy" />}
		>
			{problem !== undefined && (
				<Notice tone="bad" icon="warning" title={problem.title}>
					<div>{visibleLine(problem.detail)}</div>
					{problem.status !== 400 && (
						<div>
							<Button variant="default" onClick={onRetry}>
								Try again
							</Button>
						</div>
					)}
				</Notice>
			)}
			{problem === undefined && rendered !== undefined && (
				<>
					<Group px="sm" py={6} gap="xs">
						<span className="nc-dim nc-small" aria-live="polite">
							{fetching ? "Rendering…" : `${count(lines.length, "line")} in ${rendered.took_ms} ms`}
						</span>
					</Group>
					<ConfigText lines={lines} label="Rendered text" />
				</>
			)}
		</Panel>
	);
}
