import { Button, Checkbox, Group, Input } from "@mantine/core";
import type { Permission } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { ReactNode } from "react";
import styles from "./permission-choice.module.css";
import { resources } from "./resources.ts";

/** Permissions by what they are about; those that `held` does not grant are not offered. */
export function PermissionChoice({
	label,
	description,
	error,
	all: allWord = "All that I hold",
	held,
	value,
	onChange,
}: {
	label: string;
	description?: string;
	error?: ReactNode;
	/** The word for choosing whatever is offered. */
	all?: string;
	held: readonly string[];
	value: readonly string[];
	onChange: (value: Permission[]) => void;
}) {
	const offered = resources
		.map((resource) => ({
			...resource,
			permissions: resource.permissions.filter(({ name }) => isPermitted({ permissions: [...held] }, name)),
		}))
		.filter(({ permissions }) => permissions.length > 0);
	const all = offered.flatMap(({ permissions }) => permissions.map(({ name }) => name));
	const set = (names: readonly Permission[], chosen: boolean) =>
		onChange(all.filter((name) => (names.includes(name) ? chosen : value.includes(name))));
	return (
		<Input.Wrapper label={label} description={description} error={error} labelElement="div">
			<Group gap="xs" mt={6} mb="xs">
				<Button
					variant="default"
					size="compact-xs"
					onClick={() => onChange(all.filter((name) => name.endsWith(":read")))}
				>
					Reading only
				</Button>
				<Button variant="default" size="compact-xs" onClick={() => onChange(all)}>
					{allWord}
				</Button>
				<Button variant="default" size="compact-xs" disabled={value.length === 0} onClick={() => onChange([])}>
					None
				</Button>
			</Group>
			<div className={styles.list}>
				{offered.map(({ name, label: about, permissions }) => {
					const names = permissions.map((permission) => permission.name);
					const chosen = names.filter((one) => value.includes(one)).length;
					return (
						<fieldset key={name} className={styles.resource}>
							<legend className="nc-visually-hidden">{about}</legend>
							<Checkbox
								size="xs"
								label={about}
								className={styles.about}
								checked={chosen === names.length}
								indeterminate={chosen > 0 && chosen < names.length}
								onChange={({ currentTarget }) => set(names, currentTarget.checked)}
							/>
							{permissions.map((permission) => (
								<Checkbox
									key={permission.name}
									size="xs"
									label={
										<>
											{permission.allows} <span className="nc-mono nc-dim">{permission.name}</span>
										</>
									}
									checked={value.includes(permission.name)}
									onChange={({ currentTarget }) => set([permission.name], currentTarget.checked)}
								/>
							))}
						</fieldset>
					);
				})}
			</div>
		</Input.Wrapper>
	);
}
