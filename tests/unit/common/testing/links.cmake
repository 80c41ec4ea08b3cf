target_link_libraries(${name} PRIVATE weir_common_api weir_taskmanager_worker_task)
