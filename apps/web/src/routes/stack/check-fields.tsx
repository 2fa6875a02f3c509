import { ActionIcon, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { type CheckDraft, type Faults, faultAt } from "./draft.ts";
import styles from "./stack.module.css";

/** Commands that are asked on each device before or after the change, and what they have to answer. */
export function CheckFields({
	when,
	checks,
	faults,
	onChecks,
}: {
	when: "before" | "after";
	checks: readonly CheckDraft[];
	faults: Faults;
	onChecks: (checks: CheckDraft[]) => void;
}) {
	const set = (at: number, part: Partial<CheckDraft>) =>
		onChecks(checks.map((check, index) => (index === at ? { ...check, ...part } : check)));
	return (
		<>
			<span className="nc-small nc-dim">
				{when === "before"
					? "Each command is asked on every device before anything is planned there. When one does not answer as it should, the device is left as it is."
					: "Each command is asked on every device after its change, until it answers as it should. When one does not, the change is taken back on that device."}
			</span>
			{checks.map((check, index) => {
				const title = check.name === "" ? `Check ${index + 1}` : visibleLine(check.name);
				const place = `${when === "before" ? "pre_checks" : "checks"}.${index}`;
				return (
					<fieldset className={styles.service} key={check.key} aria-label={title}>
						<div className={styles.serviceHead}>
							<h3>{title}</h3>
							<ActionIcon
								variant="subtle"
								color="gray"
								aria-label={`Remove ${title}`}
								title="Remove"
								onClick={() => onChecks(checks.filter((one) => one !== check))}
							>
								<Icon name="trash" size={14} />
							</ActionIcon>
						</div>
						<div className={styles.two}>
							<TextInput
								label="Name"
								withAsterisk
								maxLength={100}
								autoComplete="off"
								value={check.name}
								error={faultAt(faults, `${place}.name`)}
								onChange={({ currentTarget }) => set(index, { name: currentTarget.value })}
							/>
							<TextInput
								label="Command"
								description="One that only reads: show …"
								withAsterisk
								autoComplete="off"
								spellCheck={false}
								value={check.command}
								error={faultAt(faults, `${place}.command`)}
								onChange={({ currentTarget }) => set(index, { command: currentTarget.value })}
							/>
							<Select
								label="Its answer"
								allowDeselect={false}
								data={[
									{ value: "match", label: "must match" },
									{ value: "not", label: "must not match" },
								]}
								value={check.negate ? "not" : "match"}
								onChange={(value) => set(index, { negate: value === "not" })}
							/>
							<TextInput
								label="Pattern"
								description="A regular expression (RE2)"
								withAsterisk
								autoComplete="off"
								spellCheck={false}
								value={check.expect}
								error={faultAt(faults, `${place}.expect`)}
								onChange={({ currentTarget }) => set(index, { expect: currentTarget.value })}
							/>
							<NumberInput
								label="Within"
								description="How long it may take until it holds"
								min={0}
								max={600}
								allowDecimal={false}
								suffix=" s"
								value={check.within_s}
								error={faultAt(faults, `${place}.within_s`)}
								onChange={(within_s) => set(index, { within_s })}
							/>
						</div>
					</fieldset>
				);
			})}
			<div>
				<Button
					variant="default"
					leftSection={<Icon name="plus" size={14} />}
					onClick={() =>
						onChecks([
							...checks,
							{
								key: crypto.randomUUID(),
								name: "",
								command: "",
								expect: "",
								negate: false,
								within_s: when === "before" ? 0 : 30,
							},
						])
					}
				>
					Add a check
				</Button>
			</div>
		</>
	);
}
