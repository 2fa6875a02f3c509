import { ActionIcon, Button, Group, Menu, MultiSelect, TextInput } from "@mantine/core";
import type { TemplateVariable } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { SelectionFields } from "../../ui/pick/selection-fields.tsx";
import { TemplatePicker } from "../../ui/pick/template-picker.tsx";
import { VariableFields } from "../template/variable-fields.tsx";
import { type Faults, faultAt, type ServiceDraft } from "./draft.ts";
import { readReference } from "./resource-value.tsx";
import styles from "./stack.module.css";
import { rowsOfValues, valuesOfRows } from "./variable-rows.ts";
import { VariableTable } from "./variable-table.tsx";

/** What a template is given without anybody's doing. */
const given = new Set(["device"]);

/** One service of a stack: a template, the devices that it stands on, and its values. */
export function ServiceFields({
	service,
	index,
	others,
	elsewhere,
	places,
	faults,
	onChange,
	onMove,
	onRemove,
	last,
}: {
	service: ServiceDraft;
	index: number;
	/** Names of the other services. */
	others: readonly string[];
	/** Variables that the stack sets for all, or per device. */
	elsewhere: ReadonlySet<string>;
	/** Of a stack template: what stands for values of parameters. */
	places: readonly string[];
	faults: Faults;
	onChange: (part: Partial<ServiceDraft>) => void;
	onMove: (by: 1 | -1) => void;
	onRemove: () => void;
	last: boolean;
}) {
	const place = `services.${index}`;
	const title = service.name === "" ? `Service ${index + 1}` : visibleLine(service.name);
	const dependsFault = faultAt(faults, `${place}.depends_on`);
	return (
		<fieldset className={styles.service} aria-label={title}>
			<div className={styles.serviceHead}>
				<h3>{title}</h3>
				<Group gap={2}>
					{!(index === 0 && last) && (
						<>
							<ActionIcon
								variant="subtle"
								color="gray"
								aria-label={`Move ${title} up`}
								title="Move up"
								disabled={index === 0}
								onClick={() => onMove(-1)}
							>
								<Icon name="up" size={14} />
							</ActionIcon>
							<ActionIcon
								variant="subtle"
								color="gray"
								aria-label={`Move ${title} down`}
								title="Move down"
								disabled={last}
								onClick={() => onMove(1)}
							>
								<Icon name="down" size={14} />
							</ActionIcon>
						</>
					)}
					<ActionIcon variant="subtle" color="gray" aria-label={`Remove ${title}`} title="Remove" onClick={onRemove}>
						<Icon name="trash" size={14} />
					</ActionIcon>
				</Group>
			</div>
			<div className={styles.two}>
				<TextInput
					label="Name"
					withAsterisk
					maxLength={63}
					autoComplete="off"
					spellCheck={false}
					value={service.name}
					error={faultAt(faults, `${place}.name`)}
					onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
				/>
				<TemplatePicker
					label="Template"
					type="deploy"
					template_id={service.template_id}
					error={faultAt(faults, `${place}.template_id`)}
					onPick={(template_id) => onChange({ template_id })}
				/>
			</div>
			<SelectionFields
				label={`Devices of ${title}`}
				selection={service.targets}
				places={places}
				error={faultAt(faults, `${place}.targets`)}
				onChange={(targets) => onChange({ targets })}
			/>
			{(others.length > 0 || service.depends_on.length > 0) && (
				<MultiSelect
					label="Comes after"
					description="Services that stand before it in a configuration, and whose other devices are changed before its own"
					clearable
					clearButtonProps={{ "aria-label": "Comes after none" }}
					data={[...new Set([...others, ...service.depends_on])].filter((name) => name !== "")}
					value={service.depends_on}
					error={dependsFault}
					onChange={(depends_on) => onChange({ depends_on })}
				/>
			)}
			<Variables
				service={service}
				title={title}
				place={place}
				elsewhere={elsewhere}
				faults={faults}
				onChange={onChange}
			/>
		</fieldset>
	);
}

function Variables({
	service,
	title,
	place,
	elsewhere,
	faults,
	onChange,
}: {
	service: ServiceDraft;
	title: string;
	place: string;
	elsewhere: ReadonlySet<string>;
	faults: Faults;
	onChange: (part: Partial<ServiceDraft>) => void;
}) {
	const needed = useNeeded(service.template_id);
	const { values } = valuesOfRows(service.variables);
	// What cannot be read yet has no value, and still is this service's own.
	const own = new Set(service.variables.map(({ name }) => name));
	const asked = needed.filter(({ name }) => !given.has(name) && (!elsewhere.has(name) || own.has(name)));
	const settled = needed.filter(({ name }) => elsewhere.has(name) && !own.has(name));
	const read = new Set(
		service.variables.flatMap(({ name, text }) => (readReference(text) === undefined ? [] : [name])),
	);
	const fielded = new Set(
		asked.map(({ name }) => name).filter((name) => !read.has(name) && (!own.has(name) || name in values)),
	);
	const readOne = (name: string) =>
		onChange({
			variables: [...service.variables.filter((row) => row.name !== name), { name, text: anyReference }],
		});
	return (
		<div className={styles.variables}>
			<h4>Variables of this service</h4>
			{asked.length > 0 && (
				<div className={styles.two}>
					<VariableFields
						variables={asked.filter(({ name }) => fielded.has(name))}
						values={values}
						onValues={(next) =>
							onChange({
								variables: [
									...service.variables.filter(({ name }) => !fielded.has(name)),
									...rowsOfValues(Object.fromEntries(Object.entries(next).filter(([name]) => fielded.has(name)))),
								],
							})
						}
					/>
				</div>
			)}
			{fielded.size > 0 && (
				<div>
					<Menu position="bottom-start">
						<Menu.Target>
							<Button size="compact-xs" variant="default" leftSection={<Icon name="link" size={12} />}>
								Read one from the inventory
								<span className="nc-visually-hidden"> for {title}</span>
							</Button>
						</Menu.Target>
						<Menu.Dropdown>
							{[...fielded].map((name) => (
								<Menu.Item key={name} onClick={() => readOne(name)}>
									{visibleLine(name)}
								</Menu.Item>
							))}
						</Menu.Dropdown>
					</Menu>
				</div>
			)}
			{settled.length > 0 && (
				<p className="nc-small nc-dim" style={{ margin: 0 }}>
					Set below for all services or per device: {visibleLine(settled.map(({ name }) => name).join(", "))}
				</p>
			)}
			<VariableTable
				label={`Other variables of ${title}`}
				rows={service.variables}
				hidden={fielded}
				faults={faults}
				place={`${place}.variables`}
				onRows={(variables) => onChange({ variables })}
			/>
		</div>
	);
}

/** To begin with; the button beside it changes it. */
const anyReference = JSON.stringify({ $from: { resource: "devices", path: "$.items[*].name" } });

const nothing: readonly TemplateVariable[] = [];

/** The variables that a template needs; none until they are known, or where the role may not see them. */
function useNeeded(template_id: string | null): readonly TemplateVariable[] {
	const api = useApi();
	const mayRead = usePermitted()("templates:read");
	const { data } = useQuery({
		queryKey: ["templates", "variables", template_id],
		queryFn: ({ signal }) => api.config.getTemplateVariables({ params: { id: template_id ?? "" } }, { signal }),
		enabled: template_id !== null && mayRead,
		retry: false,
	});
	return data?.variables ?? nothing;
}
