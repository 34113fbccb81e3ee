# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of sallyport(1).
_sallyport()
{
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
        local verbs='status list ports routers tree show explain audit reload monitor assign unassign eject authorize'
        verbs+=' enroll forget import simulate dump rules'
        local options='--json --output= --noheadings --raw --verbose --dry-run --from= --config='
        options+=' --config-dir= --redact --known --manual --socket= --help --usage --version'

        if [ "${COMP_WORDS[COMP_CWORD - 2]-}" = assign ]; then
                mapfile -t COMPREPLY < <(compgen -W "$(xl list 2>/dev/null | awk 'NR > 2 { print $1 }')" -- "$word")
                return
        fi
        case $previous in
        show | explain | test | assign | unassign)
                mapfile -t COMPREPLY < <(compgen -W "$({ sallyport list -n -r -o SBDF
                                                         sallyport ports -n -r -o SBDF; } 2>/dev/null)" -- "$word")
                __ltrim_colon_completions "$word" 2>/dev/null
                return
                ;;
        eject)
                mapfile -t COMPREPLY < <(compgen -W "$(sallyport ports -n -r -o SBDF,EXTERNAL 2>/dev/null |
                                                       sed -n 's/ yes$//p')" -- "$word")
                __ltrim_colon_completions "$word" 2>/dev/null
                return
                ;;
        authorize | enroll | --manual)
                mapfile -t COMPREPLY < <(compgen -W "$(cd /sys/bus/thunderbolt/devices 2>/dev/null && ls -d -- *-[1-9a-f]* |
                                                       grep -v '[.:]')" -- "$word")
                return
                ;;
        forget)
                mapfile -t COMPREPLY < <(compgen -W "$(sallyport list --known -n -r -o UNIQUE_ID 2>/dev/null)" -- "$word")
                return
                ;;
        rules)
                mapfile -t COMPREPLY < <(compgen -W 'check test generate' -- "$word")
                return
                ;;
        simulate | check | --from | --config | --from= | --config= | =)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
                return
                ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$verbs $options" -- "$word")
}
complete -F _sallyport sallyport
