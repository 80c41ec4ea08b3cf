# Completion of the weir command for bash. Installed as share/bash-completion/completions/weir; or:
#   source DIR/share/bash-completion/completions/weir
_weir() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]:-} common="-m --jobmanager -D --json -h --help"
  local savepoint_words="list|inspect|verify|check|export|label"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "run info list cancel stop upgrade savepoint fsck checkpoints config --help --version" -- "$current")
    return
  fi
  case $previous in
    -p | --savepointPath)
      if [ "$command" = stop ]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
      fi
      return
      ;;
    -m | --jobmanager | --parallelism | --drop | --map) return ;;
    -D)
      mapfile -t COMPREPLY < <(compgen -S = -W "$(_weir_keys)" -- "$current")
      compopt +o filenames -o nospace  # Else bash puts a backslash before the "=".
      return
      ;;
  esac
  case $command in
    run)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common -p --parallelism -s --fromSavepoint -n --allowNonRestoredState --drop --map -d --detached --ship" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      fi
      ;;
    info)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common -p --parallelism" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      fi
      ;;
    list) mapfile -t COMPREPLY < <(compgen -W "$common -r --running -s --scheduled -a --all" -- "$current") ;;
    cancel)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common -s --withSavepoint -d --detached" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_weir_jobs)" -- "$current")
      fi
      ;;
    stop)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common --drain -p --savepointPath -d --detached" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_weir_jobs)" -- "$current")
      fi
      ;;
    upgrade)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common -p --parallelism -n --allowNonRestoredState --drop --map --ship" -- "$current")
      elif [[ $previous == upgrade ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_weir_jobs)" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      fi
      ;;
    savepoint)
      if [[ $current == -* ]]; then
        case ${COMP_WORDS[2]} in
          inspect) common+=" --dump --key" ;;
          label) common+=" --remove" ;;
          check) common+=" -p --parallelism -n --allowNonRestoredState --drop --map --timeout" ;;
          list | verify | export) ;;
          *) common+=" -d --dispose --force" ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$common" -- "$current")
      else
        if [[ " ${COMP_WORDS[*]} " == *" -d "* || " ${COMP_WORDS[*]} " == *" --dispose "* ]]; then
          mapfile -t COMPREPLY < <(compgen -f -- "$current")  # PATH, then perhaps PROGRAM.
          return
        fi
        if [[ " ${COMP_WORDS[2]} " =~ \ ($savepoint_words)\  ]] && [ "$COMP_CWORD" -gt 2 ]; then
          mapfile -t COMPREPLY < <(compgen -f -- "$current")  # PATH, and what stands behind it.
          return
        fi
        mapfile -t COMPREPLY < <(compgen -W "${savepoint_words//|/ } $(_weir_jobs)" -- "$current")
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current")
      fi
      ;;
    fsck)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${common#-m --jobmanager } --repair" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
      fi
      ;;
    checkpoints)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$common" -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_weir_jobs)" -- "$current")
      fi
      ;;
    config)
      mapfile -t COMPREPLY < <(compgen -W "check $common $(_weir_keys)" -- "$current")
      ;;
  esac
}

# The command as it is typed, where a tilde is not yet the home directory.
_weir_run() { "${COMP_WORDS[0]/#\~\//$HOME/}" "$@"; }

_weir_keys() {
  _weir_run config 2>/dev/null | sed -n 's/^\([a-z][^:# ]*\):.*/\1/p'
}

# Ids of the jobs that run.
_weir_jobs() {
  _weir_run list -r 2>/dev/null | grep -oE '\b[0-9a-f]{32}\b'
}

complete -o filenames -o bashdefault -F _weir weir
