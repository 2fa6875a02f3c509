/** Procedures to begin with: they are read, filled in and tried, not installed. */
export const examples = [
	{
		id: "change",
		label: "A change that is checked and taken back",
		source: `name: Change with a check
description: Saves the configuration, changes it, checks, and takes the change back where the check does not hold.
tags: [example]

# Whoever starts it chooses the devices, where none are named here:
# targets: { groups: [edge] }

variables:
  # A value that stands for itself
  description: Changed by procedure
  # What whoever starts it is asked
  interface: { type: string, required: true, description: Interface to describe, pattern: '^[A-Za-z0-9/._-]+$' }

settings:
  # What comes after a step that failed, unless the step says something else
  on_failure: rollback
  parallelism: 5

steps:
  - id: save
    name: Keep what is there
    type: backup

  - id: change
    name: Describe the interface
    type: set_config
    with:
      lines: |
        interface {{ interface }}
         description {{ description }}

  - id: check
    name: The interface is still up
    type: check_interfaces
    with:
      names: ["{{ interface }}"]
    retries: { count: 2, delay_s: 5 }

# After what was changed was taken back
rollback:
  - id: tell
    type: log
    with:
      message: The change was taken back
`,
	},
	{
		id: "look",
		label: "Look and save, nothing is changed",
		source: `name: Before a maintenance window
description: Saves the configuration and notes what the devices run. Changes nothing.
tags: [example]

targets:
  all: true

steps:
  - id: save
    name: Keep the configuration
    type: backup

  - id: look
    name: What the devices run
    type: get_config
    save_to_variable: before
    # Devices that do not answer are left out of what follows
    on_failure: drop_devices

  - id: done
    type: log
    with:
      message: "{{ before | length }} devices are ready"
`,
	},
] as const;

/** What an empty procedure begins with. */
export const emptySource = `name: New procedure
description: ''

# Whoever starts it chooses the devices, where none are named here:
# targets: { groups: [edge] }

steps:
  - id: look
    type: get_config
`;
